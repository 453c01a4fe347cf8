package load_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// The servers here allocate nothing for a message.

// plainEcho gives every byte back.
func plainEcho(t *testing.T) netip.AddrPort {
	return tcpServer(t, func(c net.Conn) {
		p := make([]byte, 4096)
		for {
			n, err := c.Read(p)
			if err != nil {
				return
			}
			if _, err := c.Write(p[:n]); err != nil {
				return
			}
		}
	})
}

// plainBroadcast gives each message of 20 bytes to every connection, the sender included.
func plainBroadcast(t *testing.T) netip.AddrPort {
	return meddlingBroadcast(t, nil)
}

// meddlingBroadcast is plainBroadcast, but asks before each delivery what to do, with the number of the message and that
// of the connection in the order in which they came.
func meddlingBroadcast(t *testing.T, ask func(message, connection int) verb) netip.AddrPort {
	var mu sync.Mutex
	var all []net.Conn
	published := 0
	return tcpServer(t, func(c net.Conn) {
		mu.Lock()
		r := acceptUpgrade(t, c) // nothing is published to it before, and all that is after
		number := len(all)
		all = append(all, c)
		mu.Unlock()
		defer func() {
			mu.Lock()
			all[number] = nil
			mu.Unlock()
		}()
		p := make([]byte, 26)
		for {
			if _, err := io.ReadFull(r, p); err != nil {
				return
			}
			unmask(p)
			mu.Lock()
			for i, other := range all {
				what := deliver
				if other == nil {
					continue
				}
				if ask != nil {
					what = ask(published, i)
				}
				switch what {
				case deliver:
					_, _ = other.Write(p[4:])
				case twice:
					_, _ = other.Write(p[4:])
					_, _ = other.Write(p[4:])
				case end:
					other.Close()
				}
			}
			published++
			mu.Unlock()
		}
	})
}

// verb is what to do with a delivery.
type verb int

const (
	deliver verb = iota
	twice
	skip
	end
)

// unmask makes p, a frame of 20 bytes from a client, into one from a server that begins at p[4:].
func unmask(p []byte) {
	key := [4]byte(p[2:6])
	p[4], p[5] = p[0], p[1]&0x7f
	for i := range p[6:] {
		p[6+i] ^= key[i%4]
	}
}

// holdingBroadcast echoes n messages when it has the last of them.
func holdingBroadcast(t *testing.T, n int) netip.AddrPort {
	return tcpServer(t, func(c net.Conn) {
		r := acceptUpgrade(t, c)
		var held []byte
		for range n {
			p := make([]byte, 26)
			if _, err := io.ReadFull(r, p); err != nil {
				return
			}
			unmask(p)
			held = append(held, p[4:]...)
		}
		_, _ = c.Write(held)
		_, _ = io.Copy(io.Discard, r)
	})
}
