package proxyproto_test

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

const signature = "\x0d\x0a\x0d\x0a\x00\x0d\x0a\x51\x55\x49\x54\x0a"

// The 13th byte.
const (
	local = "\x20"
	proxy = "\x21"
)

// The addresses of the tables, in a block.
const (
	block4 = "\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb"
	block6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04\x00\x01\xff\xff"
)

// wire writes a header of version 2, field by field from section 2.2.
func wire(command, transport, block string) string {
	return signature + command + transport + string(binary.BigEndian.AppendUint16(nil, uint16(len(block)))) + block
}

// tlv writes one, and of a value that is not there only the type and length.
func tlv(typ proxyproto.Type, value string) string {
	return string(binary.BigEndian.AppendUint16([]byte{byte(typ)}, uint16(len(value)))) + value
}

// summed puts the right checksum in the place of the last four bytes.
func summed(p string) string {
	sum := crc32.Checksum([]byte(p[:len(p)-4]+"\x00\x00\x00\x00"), crc32.MakeTable(crc32.Castagnoli))
	return p[:len(p)-4] + string(binary.BigEndian.AppendUint32(nil, sum))
}

// path fills up an address of AF_UNIX.
func path(s string) string { return s + strings.Repeat("\x00", 108-len(s)) }

func v2(transport proxyproto.Transport, source, destination, tlvs string) proxyproto.Header {
	h := v1(transport, source, destination)
	h.Version, h.TLVs = 2, proxyproto.TLVs(tlvs)
	return h
}

func v2Local(tlvs string) proxyproto.Header {
	return proxyproto.Header{Version: 2, TLVs: proxyproto.TLVs(tlvs)}
}

func v2Unix(transport proxyproto.Transport, source, destination string) proxyproto.Header {
	h := v2(transport, "", "", "")
	h.SourcePath, h.DestinationPath = []byte(source), []byte(destination)
	return h
}

const (
	source4, destination4 = "192.168.0.1:56324", "192.168.0.11:443"
	source6, destination6 = "[2001:db8::1]:1", "[::ffff:1.2.3.4]:65535"
)

// All of these are of section 2.2 where nothing else is said.
var blocks = []struct {
	name string
	in   string
	want proxyproto.Header
}{
	{"TCP over IPv4", wire(proxy, "\x11", block4), v2(proxyproto.TCP4, source4, destination4, "")},
	{"UDP over IPv4", wire(proxy, "\x12", block4), v2(proxyproto.UDP4, source4, destination4, "")},
	{"TCP over IPv6", wire(proxy, "\x21", block6), v2(proxyproto.TCP6, source6, destination6, "")},
	{"UDP over IPv6", wire(proxy, "\x22", block6), v2(proxyproto.UDP6, source6, destination6, "")},
	{"UNIX stream", wire(proxy, "\x31", path("/run/a")+path("/run/b.sock")), v2Unix(proxyproto.UnixStream, "/run/a", "/run/b.sock")},
	{"UNIX datagram", wire(proxy, "\x32", path("")+path("/b")), v2Unix(proxyproto.UnixDgram, "", "/b")},
	{
		"UNIX, 108 bytes", wire(proxy, "\x31", strings.Repeat("a", 108)+strings.Repeat("b", 108)),
		v2Unix(proxyproto.UnixStream, strings.Repeat("a", 108), strings.Repeat("b", 108)),
	},
	{"UNIX, abstract", wire(proxy, "\x31", path("\x00a\x00b")+path("\x00c")), v2Unix(proxyproto.UnixStream, "\x00a\x00b", "\x00c")},
	{"UNIX, behind the zero", wire(proxy, "\x31", path("a\x00b")+path("c")), v2Unix(proxyproto.UnixStream, "a", "c")},
	{"LOCAL", wire(local, "\x00", ""), v2Local("")},
	{"LOCAL with TLVs", wire(local, "\x00", tlv(0x02, "a")), v2Local(tlv(0x02, "a"))},
	{"LOCAL: must use the real connection endpoints", wire(local, "\x11", block4+tlv(0x02, "a")), v2Local(tlv(0x02, "a"))},
	{"LOCAL: the family is ignored", wire(local, "\xff", block4), v2Local("")},
	{"LOCAL: discard the protocol block", wire(local, "\x00", "\x01\xff\xff"), v2Local("")},
	{"LOCAL without the addresses of its family", wire(local, "\x31", tlv(0x02, "a")), v2Local("")},
	{"UNSPEC", wire(proxy, "\x00", ""), v2(proxyproto.Unspec, "", "", "")},
	{"UNSPEC with TLVs", wire(proxy, "\x00", tlv(0x02, "a")), v2(proxyproto.Unspec, "", "", tlv(0x02, "a"))},
	{"UNSPEC: ignore address information", wire(proxy, "\x00", block4), v2(proxyproto.Unspec, "", "", "")},
	{
		"TLVs", wire(proxy, "\x11", block4+tlv(0x01, "h2")+tlv(0x04, "")+tlv(0xe3, "x")),
		v2(proxyproto.TCP4, source4, destination4, tlv(0x01, "h2")+tlv(0x04, "")+tlv(0xe3, "x")),
	},
	{
		"2.2.3: checksum", summed(wire(proxy, "\x21", block6+tlv(0x02, "a")+tlv(0x03, "1234"))),
		v2(proxyproto.TCP6, source6, destination6, tlv(0x02, "a")+tlv(0x03, "\x6e\x45\xec\x4b")),
	},
	{
		"2.2.5: unique ID of 128 bytes", wire(proxy, "\x11", block4+tlv(0x05, strings.Repeat("i", 128))),
		v2(proxyproto.TCP4, source4, destination4, tlv(0x05, strings.Repeat("i", 128))),
	},
	{
		"2.2.6: SSL", wire(proxy, "\x11", block4+tlv(0x20, "\x01\x00\x00\x00\x01"+tlv(0x21, "TLSv1.3"))),
		v2(proxyproto.TCP4, source4, destination4, tlv(0x20, "\x01\x00\x00\x00\x01"+tlv(0x21, "TLSv1.3"))),
	},
}

func TestParseV2(t *testing.T) {
	for _, tt := range blocks {
		t.Run(tt.name, func(t *testing.T) {
			h, n, at, err := bytewise(t, []byte(tt.in+"rest"), 0)
			if n != len(tt.in) || err != nil || at != n {
				t.Fatalf("%d bytes, error %v, after %d of %d", n, err, at, len(tt.in))
			}
			if diff := cmp.Diff(tt.want, h, equal); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefuseV2(t *testing.T) {
	const begins = 16 + len(block4) // of the TLVs
	invalid := proxyproto.ErrInvalid
	for _, tt := range []refusal{
		{"version 1", signature + "\x11", 13, invalid},
		{"version 3", signature + "\x31", 13, invalid},
		{"unassigned command", signature + "\x22", 13, invalid},
		{"unassigned family", signature + proxy + "\x41", 14, invalid},
		{"unassigned protocol", signature + proxy + "\x13", 14, invalid},
		{"family without a protocol", signature + proxy + "\x10", 14, invalid},
		{"protocol without a family", signature + proxy + "\x01", 14, invalid},
		{"address length is 12", wire(proxy, "\x11", block4[:11]), 16, invalid},
		{"address length is 36", wire(proxy, "\x22", block6[:35]), 16, invalid},
		{"address length is 216", wire(proxy, "\x31", path("")), 16, invalid},
		{"too short for a TLV", wire(proxy, "\x11", block4+"\x04\x00"), 16, invalid},
		{"too short for a second TLV", wire(proxy, "\x11", block4+tlv(0x04, "pad")+"\x04"), begins + 3, invalid},
		{"TLV longer than the rest", wire(proxy, "\x11", block4+"\x04\x00\x02x"), begins + 3, invalid},
		{"second TLV longer than the rest", wire(proxy, "\x11", block4+tlv(0x04, "pad")+"\x02\xff\xffx"), begins + 9, invalid},
		{
			"far into a long header", wire(proxy, "\x11", block4+tlv(0x04, strings.Repeat("x", 506))+"\x04\xff\xff"+path("")),
			begins + 512, invalid,
		},
		{
			"farther into a long header", wire(proxy, "\x11", block4+tlv(0x04, strings.Repeat("x", 507))+"\x04\xff\xff"+path("")),
			begins + 513 + 108, invalid,
		},
		{"2.2.3: checksum", wire(proxy, "\x11", block4+tlv(0x03, "1234")), begins + 7, proxyproto.ErrChecksum},
		{"2.2.3: checksum of LOCAL", wire(local, "\x00", tlv(0x03, "1234")), 16 + 7, proxyproto.ErrChecksum},
		{"2.2.3: not 32 bits", wire(proxy, "\x11", block4+tlv(0x03, "12345")), begins + 3, invalid},
		{"2.2.3: which one", wire(proxy, "\x11", block4+tlv(0x03, "1234")+tlv(0x03, "1234")), begins + 10, invalid},
		{"2.2.5: up to 128 bytes", wire(proxy, "\x11", block4+tlv(0x05, strings.Repeat("i", 129))), begins + 3, invalid},
		{"2.2.6: too short", wire(proxy, "\x11", block4+tlv(0x20, "\x01\x00\x00\x00")), begins + 3, invalid},
		{"2.2.6: too short for a TLV", wire(proxy, "\x11", block4+tlv(0x20, "\x01\x00\x00\x00\x00\x21\x00")), begins + 3, invalid},
		{"2.2.6: TLV longer than the rest", wire(proxy, "\x11", block4+tlv(0x20, "\x01\x00\x00\x00\x00\x21\x00\x01")), begins + 11, invalid},
	} {
		t.Run(tt.name, func(t *testing.T) { checkRefusal(t, tt, 0) })
	}
}

func TestLimit(t *testing.T) {
	long := func(n int) string { return wire(proxy, "\x11", block4+tlv(0x04, strings.Repeat("x", n-12-3))) }
	for _, tt := range []struct {
		name  string
		in    string
		limit int
		after int // 0: accepted
	}{
		{"none", long(65535), -1, 0},
		{"default", long(proxyproto.DefaultMax), 0, 0},
		{"over the default", long(proxyproto.DefaultMax + 1), 0, 16},
		{"far over the default", long(65535), 0, 15},
		{"given", long(100), 100, 0},
		{"over the given", long(101), 100, 16},
		{"addresses alone", wire(proxy, "\x31", path("")+path("")), 216, 0},
		{"addresses over the given", wire(proxy, "\x31", path("")+path("")), 215, 14},
		{"LOCAL has no addresses", wire(local, "\x31", ""), 1, 0},
		{"LOCAL is bounded too", wire(local, "\x31", "12"), 1, 16},
		{"version 1 does not care", "PROXY UNKNOWN\r\n", 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.after > 0 {
				checkRefusal(t, refusal{in: tt.in, after: tt.after, err: proxyproto.ErrTooLong}, tt.limit)
				return
			}
			if _, n, err := proxyproto.Parse([]byte(tt.in), tt.limit); n != len(tt.in) || err != nil {
				t.Errorf("%d bytes, error %v", n, err)
			}
		})
	}
}
