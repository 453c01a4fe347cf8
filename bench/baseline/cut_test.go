package baseline_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/baseline"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// pipes is a listener of connections that deliver what was written in the very same pieces.
type pipes chan net.Conn

func (l pipes) Accept() (net.Conn, error) {
	if nc, ok := <-l; ok {
		return nc, nil
	}
	return nil, net.ErrClosed
}

func (l pipes) Close() error { return nil }

func (l pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestAnyCut lets conversations that were thrown with dice arrive in pieces of any size, so that the read buffer grows,
// is compacted and gives back everywhere.
func TestAnyCut(t *testing.T) {
	t.Parallel()
	s, err := baseline.New("echo")
	if err != nil {
		t.Fatal(err)
	}
	ln := make(pipes)
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	for seed := range uint64(30) {
		server, client := net.Pipe()
		ln <- server
		dice := rand.New(rand.NewPCG(seed, seed))
		send, want := conversation(dice)
		go deliver(dice.Uint64(), client, request+send)

		r := bufio.NewReader(client)
		if _, err := http.ReadResponse(r, nil); err != nil {
			t.Fatal(err)
		}
		var got []string
		for range want {
			got = append(got, frame(r))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("seed %d: %.2000s", seed, d)
		}
		client.Close()
	}
	close(ln)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// deliver writes p in pieces, not more than some thousand.
func deliver(seed uint64, w io.Writer, p string) {
	dice := rand.New(rand.NewPCG(seed, 0))
	most := max(1<<(1+dice.IntN(17)), len(p)/1000)
	for len(p) > 0 {
		n := min(len(p), 1+dice.IntN(most))
		if _, err := io.WriteString(w, p[:n]); err != nil {
			return
		}
		p = p[n:]
	}
}

// conversation is some frames of a client, and the frames that a server echoes.
func conversation(dice *rand.Rand) (send string, want []string) {
	for n := range 1 + dice.IntN(12) {
		op, name := wsproto.OpText, "text "
		if dice.IntN(2) == 0 {
			op, name = wsproto.OpBinary, "binary "
		}
		fragments, message := 1+dice.IntN(4), ""
		for i := range fragments {
			part := payload(dice, n)
			message += part
			send += masked(i == fragments-1, op, part)
			op = wsproto.OpContinuation
			if i == fragments-1 {
				want = append(want, name+message)
			}
			if dice.IntN(3) == 0 {
				beat := fmt.Sprintf("beat %d", i)
				send += masked(true, wsproto.OpPing, beat)
				want = append(want, "pong "+beat)
			}
		}
	}
	return send, want
}

// payload is one with a length near those at which something changes.
func payload(dice *rand.Rand, n int) string {
	edges := []int{0, 1, 125, 126, 4080, 4096, 8192, 16 << 10, 65535, 65536, 128 << 10, 200 << 10}
	size := edges[dice.IntN(len(edges))] + dice.IntN(21)
	return strings.Repeat(fmt.Sprintf("%d-%d ", n, dice.IntN(1000)), 1+size/4)[:size]
}
