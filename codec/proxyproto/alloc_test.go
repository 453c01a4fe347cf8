package proxyproto_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// kinds is one header of each kind that takes its own path.
var kinds = []struct {
	name string
	h    proxyproto.Header
}{
	{"v1-TCP4", lines[0].want},
	{"v1-TCP6", v1(proxyproto.TCP6, source6, destination6)},
	{"v1-UNKNOWN", v1(proxyproto.Unspec, "", "")},
	{"v2-LOCAL", v2Local("")},
	{"v2-TCP4", v2(proxyproto.TCP4, source4, destination4, "")},
	{"v2-TCP6", v2(proxyproto.TCP6, source6, destination6, "")},
	{"v2-unix", v2Unix(proxyproto.UnixStream, "/run/a", "/run/b")},
	{"v2-TLVs", v2(proxyproto.TCP6, source6, destination6, tlv(1, "h2")+tlv(2, "example.com")+tlv(5, strings.Repeat("i", 36))+
		tlv(0x20, "\x01\x00\x00\x00\x01"+tlv(0x21, "TLSv1.3")+tlv(0x23, "TLS_AES_128_GCM_SHA256"))+tlv(0xea, "\x01vpce-0")+tlv(3, "1234"))},
}

func TestNoAllocations(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			dst := make([]byte, 0, 1024)
			h := kind.h
			var out []byte
			var err error
			if n := testing.AllocsPerRun(100, func() { out, err = proxyproto.Append(dst, &h) }); n != 0 || err != nil {
				t.Errorf("Append allocates %v times, error %v", n, err)
			}
			for _, p := range [][]byte{out, out[:len(out)-1]} {
				if n := testing.AllocsPerRun(100, func() { h, _, err = proxyproto.Parse(p, 0) }); n != 0 || err != nil {
					t.Errorf("Parse of %d bytes allocates %v times, error %v", len(p), n, err)
				}
			}
		})
	}
}

func TestNoAllocationsInTLVs(t *testing.T) {
	tlvs := kinds[len(kinds)-1].h.TLVs
	dst := make(proxyproto.TLVs, 0, 1024)
	found := 0
	if n := testing.AllocsPerRun(100, func() {
		found = 0
		for range tlvs.Each {
			found++
		}
		s, _ := tlvs.SSL()
		found += len(tlvs.ALPN()) + len(tlvs.Authority()) + len(tlvs.UniqueID()) + len(tlvs.AWSEndpoint()) + len(s.Version())
		made, _ := proxyproto.AppendTLV(dst, proxyproto.TypeALPN, tlvs.ALPN())
		made, _ = proxyproto.AppendSSL(made, s)
		found += len(proxyproto.AppendCRC32C(made))
	}); n != 0 || found == 0 {
		t.Errorf("%v allocations, %d found", n, found)
	}
}

// A peer that breaks the rules must not cost an allocation either.
func TestNoAllocationsOnRefusal(t *testing.T) {
	for _, tt := range []struct{ name, in string }{
		{"other protocol", "GET / HTTP/1.1\r\n"},
		{"v1", "PROXY TCP4 1.2.3.4 1.2.3.256 1 2\r\n"},
		{"v1 too long", "PROXY UNKNOWN " + strings.Repeat("x", 93)},
		{"v2", signature + "\x21\x99"},
		{"v2 too long", signature + "\x21\x11\xff\xff"},
		{"v2 checksum", wire(proxy, "\x11", block4+tlv(3, "1234"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := []byte(tt.in)
			var err error
			if n := testing.AllocsPerRun(100, func() { _, _, err = proxyproto.Parse(p, 0) }); n != 0 || err == nil {
				t.Errorf("Parse allocates %v times, error %v", n, err)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, kind := range kinds {
		p, err := proxyproto.Append(nil, &kind.h)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("header="+kind.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if _, n, _ := proxyproto.Parse(p, 0); n == 0 {
					b.Fatal("no header")
				}
			}
		})
	}
}

// What the slowest of peers costs: as many TLVs as fit, one byte at a time.
func BenchmarkParseByteByByte(b *testing.B) {
	for _, bb := range []struct {
		name string
		in   string
	}{
		{"v1-TCP6", "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"},
		{"v2-longest", wire(proxy, "\x11", block4+strings.Repeat(tlv(4, ""), (proxyproto.DefaultMax-12)/3))},
	} {
		p := []byte(bb.in)
		b.Run("header="+bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				for end := range len(p) {
					if _, n, err := proxyproto.Parse(p[:end], 0); n != 0 || err != nil {
						b.Fatal(n, err)
					}
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, kind := range kinds {
		dst := make([]byte, 0, 1024)
		b.Run("header="+kind.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := proxyproto.Append(dst, &kind.h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
