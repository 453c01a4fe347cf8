package attack_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// The opening handshake of RFC 6455 section 1.3, and how the answer begins.
const (
	hello = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	welcome = "HTTP/1.1 101 "
)

// First bytes of a frame: an opcode, with fin or without.
const (
	fin  = 0x80
	cont = 0x0
	text = 0x1
	bin  = 0x2
	cls  = 0x8
	ping = 0x9
	pong = 0xa
)

// masked is a frame as a client sends it.
func masked(b0 byte, payload string) []byte {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b := append(header(b0, 0x80, uint64(len(payload))), key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

// plain is a frame as a server sends it.
func plain(b0 byte, payload string) []byte {
	return append(header(b0, 0, uint64(len(payload))), payload...)
}

func header(b0, mask byte, n uint64) []byte {
	switch {
	case n < 126:
		return []byte{b0, mask | byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{b0, mask | 126}, uint16(n))
	}
	return binary.BigEndian.AppendUint64([]byte{b0, mask | 127}, n)
}

// closing is the payload of a close frame.
func closing(code uint16) string { return string(binary.BigEndian.AppendUint16(nil, code)) }

// peer is a client's end of a connection, without a protocol. Every wait of it ends after patience.
type peer struct {
	*net.TCPConn
	r *bufio.Reader
}

// knock connects.
func knock(addr string) (*peer, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return &peer{nc.(*net.TCPConn), bufio.NewReaderSize(nc, 512)}, nil
}

// shake connects and does the opening handshake, which may ask for more with further header lines.
func shake(addr string, lines ...string) (*peer, error) {
	p, err := knock(addr)
	if err != nil {
		return nil, err
	}
	ask := strings.TrimSuffix(hello, "\r\n") + strings.Join(lines, "") + "\r\n"
	if _, err := io.WriteString(p, ask); err != nil {
		_ = p.Close()
		return nil, err
	}
	answer := ""
	for !strings.HasSuffix(answer, "\r\n\r\n") {
		line, err := p.r.ReadString('\n')
		if err != nil {
			_ = p.Close()
			return nil, fmt.Errorf("in the opening handshake, after %q: %w", answer, err)
		}
		answer += line
	}
	if !strings.HasPrefix(answer, welcome) {
		_ = p.Close()
		return nil, fmt.Errorf("the opening handshake was answered %q", answer)
	}
	return p, nil
}

// frame reads a frame of the server. Its payload must be shorter than 64 KiB.
func (p *peer) frame() (b0 byte, payload string, err error) {
	var h [2]byte
	if _, err := io.ReadFull(p.r, h[:]); err != nil {
		return 0, "", err
	}
	n := int(h[1])
	if n == 126 {
		var wide [2]byte
		if _, err := io.ReadFull(p.r, wide[:]); err != nil {
			return 0, "", err
		}
		n = int(binary.BigEndian.Uint16(wide[:]))
	} else if n > 126 {
		return 0, "", fmt.Errorf("a frame with the length byte %d", n)
	}
	b := make([]byte, n)
	_, err = io.ReadFull(p.r, b)
	return h[0], string(b), err
}

// farewell reads a close frame with the code and then the end, which must be a FIN.
func (p *peer) farewell(code uint16) error {
	b0, payload, err := p.frame()
	if err != nil {
		return fmt.Errorf("instead of a close frame: %w", err)
	}
	if b0 != fin|cls || len(payload) < 2 || binary.BigEndian.Uint16([]byte(payload)) != code {
		return fmt.Errorf("received frame %#x %q, want a close frame with %d", b0, payload, code)
	}
	rest, err := io.ReadAll(p.r)
	if err != nil {
		return fmt.Errorf("after the close frame: %w", err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("after the close frame: %d bytes", len(rest))
	}
	return nil
}

// all runs do for 0 to n-1, a few hundred at a time, and joins the first few errors.
func all(n int, do func(i int) error) error {
	const atOnce, enough = 256, 5
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if len(errs) < enough {
					errs = append(errs, fmt.Errorf("peer %d: %w", i, err))
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// gather brings n peers with enter, and lets them go when the test ends.
func (g *target) gather(n int, enter func(addr string) (*peer, error)) []*peer {
	g.t.Helper()
	peers := make([]*peer, n)
	g.t.Cleanup(func() {
		for _, p := range peers {
			if p != nil {
				_ = p.Close()
			}
		}
	})
	err := all(n, func(i int) (err error) {
		peers[i], err = enter(g.addr)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	return peers
}

// scaled is n, or the tenth of it under the race detector.
func scaled(n int) int {
	if raceEnabled {
		return n / 10
	}
	return n
}
