package proxyproto_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// equal compares headers for cmp, and does not tell a nil slice from an empty one.
var equal = cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.AddrPort{})}

// same is cmp.Equal with equal, faster.
func same(a, b proxyproto.Header) bool {
	return a.Version == b.Version && a.Command == b.Command && a.Transport == b.Transport &&
		a.Source == b.Source && a.Destination == b.Destination &&
		string(a.SourcePath) == string(b.SourcePath) && string(a.DestinationPath) == string(b.DestinationPath) &&
		string(a.TLVs) == string(b.TLVs)
}

// bytewise gives p to Parse one byte at a time and checks what Parse promises of each answer. It gives the first verdict, and how
// many bytes it took to get there.
func bytewise(t testing.TB, p []byte, limit int) (h proxyproto.Header, n, at int, err error) {
	t.Helper()
	for at = 0; at <= len(p); at++ {
		h, n, err = proxyproto.Parse(p[:at:at], limit)
		checkAnswer(t, p[:at], h, n, err)
		if n != 0 || err != nil {
			break
		}
	}
	if n == 0 && err == nil {
		return h, 0, len(p), nil
	}
	if n != 0 && n != at {
		t.Fatalf("%q: whole after %d bytes, with %d", p, n, at)
	}
	for end := at; end <= len(p); end++ { // the verdict stays
		later, m, late := proxyproto.Parse(p[:end], limit)
		if m != n || late != err || !same(h, later) {
			t.Fatalf("%q: verdict %d, %v after %d bytes, and %d, %v after %d", p, n, err, at, m, late, end)
		}
	}
	return h, n, at, err
}

// checkAnswer checks what is true of every answer.
func checkAnswer(t testing.TB, p []byte, h proxyproto.Header, n int, err error) {
	t.Helper()
	if n < 0 || n > len(p) {
		t.Fatalf("%q: %d bytes of %d", p, n, len(p))
	}
	if err != nil {
		kinds := 0
		for _, kind := range []error{proxyproto.ErrNotHeader, proxyproto.ErrInvalid, proxyproto.ErrTooLong} {
			if errors.Is(err, kind) {
				kinds++
			}
		}
		if n != 0 || kinds != 1 || !strings.HasPrefix(err.Error(), "proxyproto: ") {
			t.Fatalf("%q: %d bytes and error %v of %d kinds", p, n, err, kinds)
		}
	}
	if n == 0 {
		if !same(h, proxyproto.Header{}) {
			t.Fatalf("%q: header %+v without a verdict", p, h)
		}
		return
	}
	inside(t, p[:n], h.SourcePath)
	inside(t, p[:n], h.DestinationPath)
	inside(t, p[:n], h.TLVs)
	for _, value := range h.TLVs.Each {
		inside(t, p[:n], value)
	}
}

// inside fails unless view lies in p, with its capacity too.
func inside(t testing.TB, p, view []byte) {
	t.Helper()
	if len(view) == 0 {
		return
	}
	low := uintptr(unsafe.Pointer(unsafe.SliceData(p)))
	at := uintptr(unsafe.Pointer(unsafe.SliceData(view)))
	if at < low || at+uintptr(cap(view)) > low+uintptr(len(p)) {
		t.Fatalf("%q is not a view of the header", view)
	}
}

func ends(source, destination string) (s, d netip.AddrPort) {
	return netip.MustParseAddrPort(source), netip.MustParseAddrPort(destination)
}

// v1 is what a line of version 1 should be read as.
func v1(transport proxyproto.Transport, source, destination string) proxyproto.Header {
	h := proxyproto.Header{Version: 1, Command: proxyproto.Proxy, Transport: transport}
	if source != "" {
		h.Source, h.Destination = ends(source, destination)
	}
	return h
}

// A refusal names the error, and how many bytes are enough for it.
type refusal struct {
	name  string
	in    string
	after int
	err   error
}

func checkRefusal(t *testing.T, tt refusal, limit int) {
	t.Helper()
	_, n, at, err := bytewise(t, []byte(tt.in), limit)
	if n != 0 || !errors.Is(err, tt.err) || at != tt.after {
		t.Errorf("%q: %d bytes, error %v after %d; want %v after %d", tt.in, n, err, at, tt.err, tt.after)
	}
}

func TestNotHeader(t *testing.T) {
	for _, tt := range []refusal{
		{"section 2: HTTP", "GET / HTTP/1.1\r\n", 1, proxyproto.ErrNotHeader},
		{"HTTP with a P", "POST / HTTP/1.1\r\n", 2, proxyproto.ErrNotHeader},
		{"HTTP/2", "PRI * HTTP/2.0\r\n", 3, proxyproto.ErrNotHeader},
		{"HTTP, nearly", "PROPFIND / HTTP/1.1\r\n", 4, proxyproto.ErrNotHeader},
		{"TLS", "\x16\x03\x01\x02\x00", 1, proxyproto.ErrNotHeader},
		{"empty line first", "\r\nGET / HTTP/1.1\r\n", 3, proxyproto.ErrNotHeader},
		{"section 2.2: last byte of the signature", "\r\n\r\n\x00\r\nQUIT\r", 12, proxyproto.ErrNotHeader},
		{"section 2.1: upper case", "proxy TCP4", 1, proxyproto.ErrNotHeader},
		{"section 2.1: upper case to the end", "PROXy TCP4", 5, proxyproto.ErrNotHeader},
	} {
		t.Run(tt.name, func(t *testing.T) { checkRefusal(t, tt, 0) })
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{proxyproto.Local.String(), "LOCAL"},
		{proxyproto.Proxy.String(), "PROXY"},
		{proxyproto.Command(2).String(), "invalid"},
		{proxyproto.Unspec.String(), "UNKNOWN"},
		{proxyproto.TCP4.String(), "TCP4"},
		{proxyproto.TCP6.String(), "TCP6"},
		{proxyproto.UDP4.String(), "UDP4"},
		{proxyproto.UDP6.String(), "UDP6"},
		{proxyproto.UnixStream.String(), "unix"},
		{proxyproto.UnixDgram.String(), "unixgram"},
		{proxyproto.Transport(0x10).String(), "invalid"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
