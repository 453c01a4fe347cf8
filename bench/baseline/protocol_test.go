package baseline_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestHandshake(t *testing.T) {
	t.Parallel()
	_, addr := serve(t, "echo")
	tests := []struct {
		name, send string
		status     int
		accept     string
	}{
		{"good", request, 101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, // the example of RFC 6455 section 1.3
		{"no upgrade", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 426, ""},
		{"not HTTP", "\x00\x01\x02\x03\r\n\r\n", 400, ""},
		{"a head without an end", "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 9000), 431, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			nc, r := tcp(t, addr)
			if _, err := io.WriteString(nc, test.send); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != test.status || resp.Header.Get("Sec-WebSocket-Accept") != test.accept {
				t.Errorf("%s, accept %q", resp.Status, resp.Header.Get("Sec-WebSocket-Accept"))
			}
		})
	}
	t.Run("byte by byte", func(t *testing.T) {
		t.Parallel()
		nc, r := tcp(t, addr)
		for _, b := range []byte(request) {
			if _, err := nc.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if resp, err := http.ReadResponse(r, nil); err != nil || resp.StatusCode != 101 {
			t.Errorf("%v, %v", resp, err)
		}
	})
}

// TestFrames sends bytes behind the handshake and wants these frames back.
func TestFrames(t *testing.T) {
	t.Parallel()
	const text, cont, bin = wsproto.OpText, wsproto.OpContinuation, wsproto.OpBinary
	big := strings.Repeat("big", 30_000)
	tests := []struct {
		name, send string
		want       []string
	}{
		{"text", masked(true, text, "hello"), []string{"text hello"}},
		{"empty", masked(true, bin, ""), []string{"binary "}},
		{
			"sixteen at once", strings.Repeat(masked(true, text, "hello"), 16),
			strings.Split(strings.Repeat("text hello,", 15)+"text hello", ","),
		},
		{"larger than any buffer", masked(true, bin, big), []string{"binary " + big}},
		{
			"small, larger, small", masked(true, text, "a") + masked(true, bin, big) + masked(true, text, "b"),
			[]string{"text a", "binary " + big, "text b"},
		},
		{
			"fragments", masked(false, text, "Hel") + masked(false, cont, "") + masked(true, cont, "lo"),
			[]string{"text Hello"},
		},
		{
			"fragments, the first empty", masked(false, text, "") + masked(true, cont, "lo"), []string{"text lo"},
		},
		{
			"a ping between fragments",
			masked(false, bin, big) + masked(true, wsproto.OpPing, "p") + masked(true, cont, "end"),
			[]string{"pong p", "binary " + big + "end"},
		},
		{"ping", masked(true, wsproto.OpPing, "beat"), []string{"pong beat"}},
		{"pong", masked(true, wsproto.OpPong, "beat") + masked(true, text, "x"), []string{"text x"}},
		{
			"close", masked(true, text, "x") + masked(true, wsproto.OpClose, "\x03\xe8bye") + masked(true, text, "y"),
			[]string{"text x", "close 1000", "EOF"},
		},
		{"close without a code", masked(true, wsproto.OpClose, ""), []string{"close 1005", "EOF"}},
		{"close with half a code", masked(true, wsproto.OpClose, "\x03"), []string{"close 1002 close payload of one byte", "EOF"}},
		{
			"not UTF-8", masked(true, text, "good") + masked(true, text, "\xff"),
			[]string{"text good", "close 1007 text is not UTF-8", "EOF"},
		},
		{"reserved", masked(true, 3, "x"), []string{"close 1002 reserved opcode", "EOF"}},
		{"not masked", "\x81\x01x", []string{"close 1002 frame from a client is not masked", "EOF"}},
		{
			"oversize, of which nothing is stored", "\x82\xff\x00\x00\x00\x00\x01\x00\x00\x01\x01\x02\x03\x04",
			[]string{"close 1009 message too big", "EOF"},
		},
		{
			"much behind a fault", "\x82\xff\x00\x00\x00\x00\x01\x00\x00\x01\x01\x02\x03\x04" + strings.Repeat("x", 1<<19),
			[]string{"close 1009 message too big", "EOF"},
		},
	}
	for _, role := range []string{"echo", "broadcast"} {
		_, addr := serve(t, role)
		for _, test := range tests {
			t.Run(role+"/"+test.name, func(t *testing.T) {
				if role == "echo" {
					t.Parallel() // in broadcast the others would hear it
				}
				nc, r := raw(t, addr, test.send)
				var got []string
				for range test.want {
					got = append(got, frame(r))
				}
				if d := cmp.Diff(test.want, got); d != "" {
					t.Error(d)
				}
				nc.Close()
			})
		}
	}
}

// TestByteByByte is that where the bytes are cut makes no difference.
func TestByteByByte(t *testing.T) {
	t.Parallel()
	_, addr := serve(t, "echo")
	nc, r := raw(t, addr, "")
	send := masked(false, wsproto.OpText, "Hé") + masked(true, wsproto.OpPing, "p") +
		masked(true, wsproto.OpContinuation, "llo") + masked(true, wsproto.OpBinary, "") + masked(true, wsproto.OpText, "x")
	for _, b := range []byte(send) {
		if _, err := nc.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"pong p", "text Héllo", "binary ", "text x"} {
		if got := frame(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestGorilla is a conversation with somebody else's client.
func TestGorilla(t *testing.T) {
	t.Parallel()
	_, addr := serve(t, "echo")
	c := dial(t, addr)
	pongs := 0
	c.SetPongHandler(func(p string) error {
		if p == "ping" {
			pongs++
		}
		return nil
	})
	for _, size := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20, 20} {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			want := bytes.Repeat([]byte("x"), size)
			if err := c.WriteMessage(websocket.PingMessage, []byte("ping")); err != nil {
				t.Fatal(err)
			}
			if err := c.WriteMessage(kind, want); err != nil {
				t.Fatal(err)
			}
			gotKind, got, err := c.ReadMessage()
			if err != nil || gotKind != kind || !bytes.Equal(got, want) {
				t.Fatalf("%d bytes of type %d: %d bytes of type %d, %v", size, kind, len(got), gotKind, err)
			}
		}
	}
	if pongs != 18 {
		t.Errorf("%d pongs for 18 pings", pongs)
	}
	bye := websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye")
	if err := c.WriteMessage(websocket.CloseMessage, bye); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Error(err)
	}
}
