package proxyproto_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// What was parsed is written as it was, but for the forms that Append has one of.
func TestAppendWhatWasParsed(t *testing.T) {
	for _, tt := range lines {
		t.Run(tt.name, func(t *testing.T) { checkRoundTrip(t, tt.want) })
	}
	for _, tt := range blocks {
		t.Run(tt.name, func(t *testing.T) { checkRoundTrip(t, tt.want) })
	}
}

// checkRoundTrip writes h, reads it back, and gives what was written.
func checkRoundTrip(t testing.TB, h proxyproto.Header) []byte {
	t.Helper()
	p, err := proxyproto.Append([]byte("dst|"), &h)
	if err != nil || !strings.HasPrefix(string(p), "dst|") {
		t.Fatalf("%+v: error %v, %q", h, err, p)
	}
	p = p[len("dst|"):]
	if h.Version == 1 && len(p) > proxyproto.MaxV1 {
		t.Fatalf("%q is too long", p)
	}
	if sum := h.TLVs.Value(proxyproto.TypeCRC32C); sum != nil { // Append fills it in
		h.TLVs = p[len(p)-len(h.TLVs):]
	}
	back, n, err := proxyproto.Parse(p, -1)
	if n != len(p) || err != nil || !same(h, back) {
		t.Fatalf("%q: %d bytes, error %v\n%s", p, n, err, cmp.Diff(h, back, equal))
	}
	return p
}

func TestAppend(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    proxyproto.Header
		want string
	}{
		{"2.1: example", lines[0].want, lines[0].in},
		{"2.1: UNKNOWN, short form", v1(proxyproto.Unspec, "", ""), "PROXY UNKNOWN\r\n"},
		{
			"2.1: canonical format", v1(proxyproto.TCP6, "[2001:db8:0:0:1:0:0:0]:1", "[0:0:0:0:0:0:0:0]:0"),
			"PROXY TCP6 2001:db8:0:0:1:: :: 1 0\r\n",
		},
		{
			"2.1: colons only", v1(proxyproto.TCP6, "[::ffff:1.2.3.4]:1", "[::ffff:0.0.0.255]:0"),
			"PROXY TCP6 ::ffff:102:304 ::ffff:0:ff 1 0\r\n",
		},
		{"2.2: TCP over IPv4", v2(proxyproto.TCP4, source4, destination4, ""), wire(proxy, "\x11", block4)},
		{"2.2: UDP over IPv6", v2(proxyproto.UDP6, source6, destination6, ""), wire(proxy, "\x22", block6)},
		{"2.2: UNIX", v2Unix(proxyproto.UnixDgram, "/a", "\x00b"), wire(proxy, "\x32", path("/a")+path("\x00b"))},
		{"2.2: LOCAL has no addresses", v2Local(""), wire(local, "\x00", "")},
		{"2.2: UNSPEC and TLVs", v2(proxyproto.Unspec, "", "", tlv(1, "h2")), wire(proxy, "\x00", tlv(1, "h2"))},
		{
			"2.2.3: checksum in the middle",
			v2(proxyproto.TCP4, source4, destination4, tlv(3, "1234")+tlv(4, "")),
			wire(proxy, "\x11", block4+tlv(3, "\x4a\x6c\x2b\xbf")+tlv(4, "")),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(checkRoundTrip(t, tt.h))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAppendRefuses(t *testing.T) {
	with := func(h proxyproto.Header, change func(h *proxyproto.Header)) proxyproto.Header {
		change(&h)
		return h
	}
	tcp4, tcp6 := v2(proxyproto.TCP4, source4, destination4, ""), v2(proxyproto.TCP6, source6, destination6, "")
	for _, tt := range []struct {
		name string
		h    proxyproto.Header
	}{
		{"zero", proxyproto.Header{}},
		{"version 3", with(tcp4, func(h *proxyproto.Header) { h.Version = 3 })},
		{"command", with(tcp4, func(h *proxyproto.Header) { h.Command = 2 })},
		{"transport", with(tcp4, func(h *proxyproto.Header) { h.Transport = 0x10 })},
		{"LOCAL with a transport", with(tcp4, func(h *proxyproto.Header) { h.Command = proxyproto.Local })},
		{"LOCAL in version 1", proxyproto.Header{Version: 1}},
		{"UDP in version 1", v1(proxyproto.UDP4, source4, destination4)},
		{"UNIX in version 1", with(v2Unix(proxyproto.UnixStream, "/a", "/b"), func(h *proxyproto.Header) { h.Version = 1 })},
		{"TLVs in version 1", with(tcp4, func(h *proxyproto.Header) { h.Version, h.TLVs = 1, proxyproto.TLVs(tlv(4, "")) })},
		{"no address", with(tcp4, func(h *proxyproto.Header) { h.Source = netip.AddrPort{} })},
		{"no address of IPv6", with(tcp6, func(h *proxyproto.Header) { h.Destination = netip.AddrPort{} })},
		{"IPv6 in TCP4", with(tcp6, func(h *proxyproto.Header) { h.Transport = proxyproto.TCP4 })},
		{"IPv4 in TCP6", with(tcp4, func(h *proxyproto.Header) { h.Transport = proxyproto.TCP6 })},
		{"one of each", with(tcp4, func(h *proxyproto.Header) { h.Destination = tcp6.Destination })},
		{"zone", with(tcp6, func(h *proxyproto.Header) { h.Source = netip.MustParseAddrPort("[fe80::1%eth0]:1") })},
		{"path too long", v2Unix(proxyproto.UnixStream, strings.Repeat("a", 109), "")},
		{"path with a zero", v2Unix(proxyproto.UnixStream, "", "a\x00b")},
		{"abstract address that ends with a zero", v2Unix(proxyproto.UnixStream, "\x00a\x00", "")},
		{"malformed TLVs", v2(proxyproto.TCP4, source4, destination4, "\x04\x00")},
		{"two checksums", v2(proxyproto.TCP4, source4, destination4, tlv(3, "1234")+tlv(3, "1234"))},
		{"malformed TLVs of LOCAL", v2Local("\x04\x00\x01")},
		{"TLVs too long", v2(proxyproto.TCP4, source4, destination4, tlv(4, strings.Repeat("x", 65535-12-2)))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := proxyproto.Append([]byte("dst"), &tt.h)
			if !errors.Is(err, proxyproto.ErrInvalidHeader) || !strings.HasPrefix(err.Error(), "proxyproto: ") || string(p) != "dst" {
				t.Errorf("%q, %v", p, err)
			}
		})
	}
	longest := v2(proxyproto.TCP4, source4, destination4, tlv(4, strings.Repeat("x", 65535-12-3)))
	checkRoundTrip(t, longest)
}

func TestAppendTLV(t *testing.T) {
	var inner, tlvs proxyproto.TLVs
	var err error
	add := func(to *proxyproto.TLVs, typ proxyproto.Type, value string) {
		t.Helper()
		if *to, err = proxyproto.AppendTLV(*to, typ, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	add(&inner, proxyproto.TypeSSLVersion, "TLSv1.3")
	add(&tlvs, proxyproto.TypeALPN, "h2")
	if tlvs, err = proxyproto.AppendSSL(tlvs, proxyproto.SSL{Client: proxyproto.ClientSSL, Verify: 0x01020304, TLVs: inner}); err != nil {
		t.Fatal(err)
	}
	tlvs = proxyproto.AppendCRC32C(tlvs)
	want := tlv(1, "h2") + tlv(0x20, "\x01\x01\x02\x03\x04"+tlv(0x21, "TLSv1.3")) + tlv(3, "\x00\x00\x00\x00")
	if diff := cmp.Diff(want, string(tlvs)); diff != "" {
		t.Fatal(diff)
	}
	p := checkRoundTrip(t, v2(proxyproto.TCP4, source4, destination4, string(tlvs)))
	if got := summed(string(p)); got != string(p) {
		t.Errorf("%q, want %q", p, got)
	}

	long := make([]byte, 65536)
	if got, err := proxyproto.AppendTLV(tlvs, 4, long); !errors.Is(err, proxyproto.ErrInvalidHeader) || len(got) != len(tlvs) {
		t.Errorf("a value that is too long: %d bytes, %v", len(got), err)
	}
	if got, err := proxyproto.AppendSSL(tlvs, proxyproto.SSL{TLVs: long[:65531]}); !errors.Is(err, proxyproto.ErrInvalidHeader) || len(got) != len(tlvs) {
		t.Errorf("SSL that is too long: %d bytes, %v", len(got), err)
	}
}
