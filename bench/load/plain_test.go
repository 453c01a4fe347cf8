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
	var mu sync.Mutex
	all := map[net.Conn]bool{}
	return tcpServer(t, func(c net.Conn) {
		mu.Lock()
		r := acceptUpgrade(t, c) // nothing is published to it before, and all that is after
		all[c] = true
		mu.Unlock()
		defer func() {
			mu.Lock()
			delete(all, c)
			mu.Unlock()
		}()
		p := make([]byte, 26)
		for {
			if _, err := io.ReadFull(r, p); err != nil {
				return
			}
			unmask(p)
			mu.Lock()
			for other := range all {
				_, _ = other.Write(p[4:])
			}
			mu.Unlock()
		}
	})
}

// unmask makes p, a frame of 20 bytes from a client, into one from a server that begins at p[4:].
func unmask(p []byte) {
	key := [4]byte(p[2:6])
	p[4], p[5] = p[0], p[1]&0x7f
	for i := range p[6:] {
		p[6+i] ^= key[i%4]
	}
}
