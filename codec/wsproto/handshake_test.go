package wsproto_test

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// The key and its answer of RFC 6455 section 1.3.
const (
	hsKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	hsAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// hsHead ends each line with CRLF, and the head with an empty one.
func hsHead(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// hsUpgrade is a request for an upgrade with lines in place of some: those whose name they share are replaced, a line
// "-Name" removes the field, the others are added at the end.
func hsUpgrade(lines ...string) string {
	head := []string{
		"GET /chat?room=1 HTTP/1.1", "Host: example.com", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: " + hsKey, "Sec-WebSocket-Version: 13",
	}
	return hsReplace(head, lines)
}

func hsReplace(head, lines []string) string {
	for _, line := range lines {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "-"), ":")
		replaced := false
		for i := 1; i < len(head); i++ {
			if n, _, _ := strings.Cut(head[i], ":"); n == name {
				head[i], replaced = line, true
			}
		}
		if !replaced {
			head = append(head, line)
		}
	}
	kept := head[:0]
	for _, line := range head {
		if !strings.HasPrefix(line, "-") {
			kept = append(kept, line)
		}
	}
	return hsHead(kept...)
}

// hsStatus is the status of a *HandshakeError, 0 for nil.
func hsStatus(t testing.TB, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	var e *wsproto.HandshakeError
	if !errors.As(err, &e) {
		t.Fatalf("error %v is %T, not *HandshakeError", err, err)
	}
	if !strings.HasPrefix(e.Error(), "wsproto: bad handshake: ") || e.Reason == "" {
		t.Errorf("error text %q", e.Error())
	}
	return e.Status
}

// hsInside fails unless view is empty or lies in p.
func hsInside(t testing.TB, what string, p, view []byte) {
	t.Helper()
	if len(view) == 0 {
		return
	}
	lo, hi := uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(view)))
	if at < lo || at+uintptr(len(view)) > lo+hi {
		t.Errorf("%s %q is not a view into the input", what, view)
	}
}

func TestHandshakeAccept(t *testing.T) {
	if got := string(wsproto.AppendAccept([]byte("x"), []byte(hsKey))); got != "x"+hsAccept {
		t.Errorf("AppendAccept = %q, want %q", got, "x"+hsAccept)
	}
	// A key longer than the buffer on the stack must not be cut: compared with itself prefixed.
	long := strings.Repeat("k", 100)
	if string(wsproto.AppendAccept(nil, []byte(long))) == string(wsproto.AppendAccept(nil, []byte(long[:64]))) {
		t.Error("AppendAccept looks at a part of the key only")
	}
}

func TestHandshakeNewKey(t *testing.T) {
	if got := wsproto.NewKey([16]byte([]byte("the sample nonce"))); got != hsKey {
		t.Errorf("NewKey = %q, want %q", got, hsKey)
	}
}

func TestHandshakeAppendField(t *testing.T) {
	tests := []struct {
		name, field, value string
		want               string // empty: an error
	}{
		{"plain", "Set-Cookie", "a=b; Path=/", "Set-Cookie: a=b; Path=/\r\n"},
		{"empty value", "X-A", "", "X-A: \r\n"},
		{"tab and text beyond ASCII", "X-A", "a\té", "X-A: a\té\r\n"},
		{"CR LF in the value", "X-A", "b\r\nSet-Cookie: c", ""},
		{"CR in the value", "X-A", "b\rc", ""},
		{"LF in the value", "X-A", "b\nc", ""},
		{"NUL in the value", "X-A", "b\x00c", ""},
		{"empty name", "", "b", ""},
		{"space in the name", "X A", "b", ""},
		{"colon in the name", "X:A", "b", ""},
		{"CR LF in the name", "X\r\nA", "b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := wsproto.AppendField([]byte("dst|"), tt.field, tt.value)
			if (err != nil) != (tt.want == "") || string(got) != "dst|"+tt.want {
				t.Errorf("AppendField = %q, %v; want %q", got, err, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "wsproto: ") {
				t.Errorf("error text %q", err)
			}
		})
	}
}
