package proxyproto_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// checkParse holds Parse against the oracle, given p whole and byte by byte.
func checkParse(t testing.TB, p []byte, limit int) {
	t.Helper()
	before := string(p)
	h, n, err := proxyproto.Parse(p, limit)
	if string(p) != before {
		t.Fatalf("%q was changed", before)
	}
	first, m, at, slow := bytewise(t, p, limit)
	if m != n || slow != err || !same(h, first) {
		t.Fatalf("%q: whole %d, %v, byte by byte %d, %v", p, n, err, m, slow)
	}
	switch {
	case limit == 0:
		limit = proxyproto.DefaultMax
	case limit < 0:
		limit = 65535
	}
	want, size, v := oracle(p, limit)
	switch {
	case (v == other) != (err == proxyproto.ErrNotHeader),
		v == whole && err != nil,
		v == wrong && err == nil,
		v == open && n > 0,
		n != size:
		t.Fatalf("%q: %d bytes, error %v; the oracle says %d bytes, %d", p, n, err, size, v)
	}
	if !same(want, h) {
		t.Fatalf("%q:\n%s", p, cmp.Diff(want, h, equal))
	}
	if n > 0 {
		checkWriteBack(t, p[:n], h)
	} else if err != nil {
		checkCompletes(t, p[:at-1], limit)
	} else {
		checkCompletes(t, p, limit)
	}
	if longest := max(proxyproto.MaxV1, 16+limit); n == 0 && err == nil && len(p) >= longest {
		t.Fatalf("%q: asks for more than %d bytes", p, longest)
	}
}

// checkWriteBack writes what was read, and reads it again.
func checkWriteBack(t testing.TB, p []byte, h proxyproto.Header) {
	t.Helper()
	written := checkRoundTrip(t, h)
	if h.Version == 2 && h.Transport != proxyproto.Unspec && h.Transport < proxyproto.UnixStream && string(written) != string(p) {
		t.Fatalf("%q is written as %q", p, written)
	}
}

// checkCompletes shows that p was not refused for good reason: there are bytes that make it whole. Nothing of it is taken back
// on the way, so it shows that what leads nowhere is refused at once. doc.go tells the exceptions, which are left out.
func checkCompletes(t testing.TB, p []byte, limit int) {
	t.Helper()
	s := string(p)
	if strings.HasPrefix(s, "PROXY TCP6") && strings.Contains(s, ".") || strings.HasPrefix(s, signature) && len(s) > 16 {
		return
	}
	for !strings.HasPrefix(s, signature) || len(s) < 16 {
		n, next := firstThatFits(s, limit)
		if n > 0 {
			return
		}
		if next == "" {
			t.Fatalf("%q is a dead end, reached as %q", p, s)
		}
		s += next
	}
	size, length := blockSizes[s[13]], int(binary.BigEndian.Uint16([]byte(s[14:])))
	if s[12] == local[0] || s[13] == 0 { // whatever it is, it is discarded
		size = length
	}
	s += strings.Repeat("\x00", size)
	if room := length - size; room > 0 {
		s += tlv(proxyproto.TypeNoop, strings.Repeat("\x00", room-3))
	}
	if _, n, err := proxyproto.Parse([]byte(s), limit); n != len(s) {
		t.Fatalf("%q is a dead end, reached as %.40q: %v", p, s, err)
	}
}

// firstThatFits is a byte that can follow s, one that ends something if possible; none if next is empty.
func firstThatFits(s string, limit int) (n int, next string) {
	const enders = "\r\n \x00\x21\x11"
	for i := range len(enders) + 256 {
		c := byte(i - len(enders))
		if i < len(enders) {
			c = enders[i]
		}
		next = string([]byte{c})
		if _, n, err := proxyproto.Parse([]byte(s+next), limit); err == nil {
			return n, next
		}
	}
	return 0, ""
}

func FuzzParse(f *testing.F) {
	for _, tt := range lines {
		f.Add([]byte(tt.in+"rest"), 0)
	}
	for _, tt := range blocks {
		f.Add([]byte(tt.in+"rest"), 0)
		f.Add([]byte(tt.in), 40)
	}
	for _, s := range []string{
		"", "P", "\r", "POST / HTTP/1.1\r\n", "PROXY TCP4 256", "PROXY TCP6 1::2::", "PROXY UNKNOWN a\rb\r\n", signature + "\x21\x11\xff", signature + "\x21\x00\x00\x01",
		wire(proxy, "\x11", block4+tlv(3, "1234")), wire(proxy, "\x11", block4+tlv(0x20, "\x01\x00\x00\x00\x00\x21\x00\x01")),
	} {
		f.Add([]byte(s), -1)
	}
	f.Fuzz(func(t *testing.T, p []byte, limit int) { checkParse(t, p, limit) })
}

func FuzzAppend(f *testing.F) {
	add := func(h proxyproto.Header) {
		f.Add(h.Version, uint8(h.Command), uint8(h.Transport), h.Source.Addr().AsSlice(), h.Destination.Addr().AsSlice(),
			h.Source.Port(), h.Destination.Port(), h.SourcePath, h.DestinationPath, []byte(h.TLVs))
	}
	for _, tt := range lines {
		add(tt.want)
	}
	for _, tt := range blocks {
		add(tt.want)
	}
	f.Fuzz(func(t *testing.T, version, command, transport uint8, source, destination []byte, sourcePort, destinationPort uint16,
		sourcePath, destinationPath, tlvs []byte,
	) {
		h := proxyproto.Header{
			Version: version, Command: proxyproto.Command(command), Transport: proxyproto.Transport(transport), TLVs: tlvs,
		}
		switch h.Transport {
		case proxyproto.Unspec:
		case proxyproto.UnixStream, proxyproto.UnixDgram:
			h.SourcePath, h.DestinationPath = sourcePath, destinationPath
		default:
			s, _ := netip.AddrFromSlice(source)
			d, _ := netip.AddrFromSlice(destination)
			h.Source, h.Destination = netip.AddrPortFrom(s, sourcePort), netip.AddrPortFrom(d, destinationPort)
		}
		if p, err := proxyproto.Append([]byte("dst"), &h); err != nil {
			if string(p) != "dst" {
				t.Fatalf("%q with %v", p, err)
			}
			return
		}
		checkRoundTrip(t, h)
	})
}

// FuzzTLVs: the accessors take any bytes, since Header.TLVs may be made by hand.
func FuzzTLVs(f *testing.F) {
	f.Add([]byte(tlv(1, "a") + tlv(0x20, "\x01\x00\x00\x00\x00"+tlv(0x21, "TLSv1.3")) + tlv(0xea, "\x01v")))
	f.Fuzz(func(t *testing.T, p []byte) {
		tlvs := proxyproto.TLVs(p)
		at := 0
		for typ, value := range tlvs.Each {
			want, text, next := oracleTLV(string(p), at)
			if next < 0 || byte(typ) != want || string(value) != text {
				t.Fatalf("%q at %d: %#x, %q", p, at, typ, value)
			}
			at = next
			inside(t, p, value)
		}
		if _, _, next := oracleTLV(string(p), at); next >= 0 {
			t.Fatalf("%q: ends at %d", p, at)
		}
		s, _ := tlvs.SSL()
		for _, view := range [][]byte{tlvs.ALPN(), tlvs.AWSEndpoint(), s.TLVs, s.Version(), s.CN()} {
			inside(t, p, view)
		}
	})
}

// Headers that are mostly in order go deeper than bytes that a fuzzer thinks up.
func TestParseRandom(t *testing.T) {
	for seed := range uint64(20000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := randomHeader(rng)
		if rng.IntN(3) == 0 {
			p[rng.IntN(len(p))] ^= 1 << rng.IntN(8)
		}
		checkParse(t, p[:len(p)-rng.IntN(2)*rng.IntN(len(p))], -rng.IntN(2))
	}
}

func randomHeader(rng *rand.Rand) []byte {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	if rng.IntN(2) == 0 {
		ip4 := func() string {
			return pick("1.2.3.4", "255.255.255.255", "0.0.0.0", "10.20.30.40", "1.2.3.256", "01.2.3.4")
		}
		ip6 := func() string {
			s := ""
			for i := range 8 {
				s += pick("", "0", "1", "ab", "0ABC", "ffff") + pick(":", ":", ":", ":", ":", "::", " ")[:1]
				if rng.IntN(8) == 0 {
					s += ":"
				}
				if i > 4 && rng.IntN(4) == 0 {
					break
				}
			}
			s = strings.TrimRight(s, ": ") + pick("", "", "", "::", "1.2.3.4", ":1.2.3.4")
			return pick(s, s, "::", "::1", "2001:db8::1", "::ffff:1.2.3.4")
		}
		port := func() string { return pick("0", "1", "443", "65535", "65536", "08") }
		ip := pick("4", "6")
		address := map[string]func() string{"4": ip4, "6": ip6}[ip]
		return []byte(pick(
			"PROXY TCP"+ip+" "+address()+" "+address()+" "+port()+" "+port()+"\r\n",
			"PROXY UNKNOWN"+pick("", " ", " x y", "x")+pick("\r\n", "\n", "\r\r\n")) + "rest")
	}
	tlvs := ""
	for range rng.IntN(5) {
		value := strings.Repeat("v", rng.IntN(3)*rng.IntN(3)*rng.IntN(50))
		tlvs += pick(tlv(0x01, value), tlv(0x05, value), tlv(0xea, "\x01"+value), tlv(0x04, value), tlv(0x20, value),
			tlv(0x20, "\x01\x00\x00\x00\x00"+tlv(0x21, value)+tlv(0x22, value)), "\x04")
	}
	checksum := rng.IntN(2) == 0
	if checksum {
		tlvs += tlv(0x03, "1234")
	}
	block := pick(block4, block4, block6, block6, path("/a")+path("\x00b"), "")
	p := wire(pick(local, proxy, proxy), pick("\x11", "\x12", "\x21", "\x22", "\x31", "\x32", "\x00"), block+tlvs)
	if checksum && rng.IntN(4) > 0 {
		p = summed(p)
	}
	return []byte(p + pick("", "rest"))
}
