package proxyproto_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// All of these are of section 2.1.
var lines = []struct {
	name string
	in   string
	want proxyproto.Header
}{
	{
		"example", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
		v1(proxyproto.TCP4, "192.168.0.1:56324", "192.168.0.11:443"),
	},
	{
		"longest TCP4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		v1(proxyproto.TCP4, "255.255.255.255:65535", "255.255.255.255:65535"),
	},
	{"shortest TCP4", "PROXY TCP4 0.0.0.0 1.2.3.4 0 1\r\n", v1(proxyproto.TCP4, "0.0.0.0:0", "1.2.3.4:1")},
	{
		"longest TCP6",
		"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n",
		v1(proxyproto.TCP6, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe]:65535"),
	},
	{"shortest TCP6", "PROXY TCP6 :: :: 0 0\r\n", v1(proxyproto.TCP6, "[::]:0", "[::]:0")},
	{"upper or lower case", "PROXY TCP6 2001:DB8::aB ::Cd 1 2\r\n", v1(proxyproto.TCP6, "[2001:db8::ab]:1", "[::cd]:2")},
	{"zeros in a group", "PROXY TCP6 2001:0db8::0001 1::0 1 2\r\n", v1(proxyproto.TCP6, "[2001:db8::1]:1", "[1::]:2")},
	{"double colon for one group", "PROXY TCP6 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 1 2\r\n", v1(proxyproto.TCP6, "[1:2:3:4:5:6:7:0]:1", "[0:2:3:4:5:6:7:8]:2")},
	{"double colon inside", "PROXY TCP6 1:2::7:8 1::3:4:5:6:7:8 1 2\r\n", v1(proxyproto.TCP6, "[1:2::7:8]:1", "[1:0:3:4:5:6:7:8]:2")},
	{
		"RFC 4291 2.2, third form", "PROXY TCP6 ::ffff:192.0.2.1 0:0:0:0:0:0:13.1.68.3 1 2\r\n",
		v1(proxyproto.TCP6, "[::ffff:192.0.2.1]:1", "[::d01:4403]:2"),
	},
	{"third form after a long prefix", "PROXY TCP6 1:2:3:4:5::1.2.3.4 ::1.2.3.4 1 2\r\n", v1(proxyproto.TCP6, "[1:2:3:4:5:0:102:304]:1", "[::102:304]:2")},
	{"UNKNOWN, short form", "PROXY UNKNOWN\r\n", v1(proxyproto.Unspec, "", "")},
	{
		"UNKNOWN, worst case",
		"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		v1(proxyproto.Unspec, "", ""),
	},
	{"UNKNOWN: the receiver must ignore anything", "PROXY UNKNOWN \x00\xff  PROXY\r\n", v1(proxyproto.Unspec, "", "")},
	{"UNKNOWN and a space", "PROXY UNKNOWN \r\n", v1(proxyproto.Unspec, "", "")},
}

func TestParseV1(t *testing.T) {
	for _, tt := range lines {
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

func TestRefuseV1(t *testing.T) {
	const tcp4, tcp6 = "PROXY TCP4 ", "PROXY TCP6 "
	invalid := proxyproto.ErrInvalid
	for _, tt := range []refusal{
		{"exactly one space", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", 7, invalid},
		{"a tab", "PROXY\tTCP4", 6, invalid},
		{"nothing", "PROXY\r\n", 6, invalid},
		{"more than the signature", "PROXYTCP4", 6, invalid},
		{"other protocol", "PROXY UDP4 ", 8, invalid},
		{"other family", "PROXY TCP5 ", 10, invalid},
		{"lower case", "PROXY tcp4 ", 7, invalid},
		{"no space after TCP4", "PROXY TCP4\r\n", 11, invalid},
		{"two spaces after TCP4", tcp4 + " 1.2.3.4", 12, invalid},
		{"UNKNOWN and more", "PROXY UNKNOWNS\r\n", 14, invalid},
		{"UNKNOWN ended by LF", "PROXY UNKNOWN\n", 14, invalid},
		{"UNKNOWN ended by CR", "PROXY UNKNOWN\rGET", 15, invalid},
		{"LF in the rest", "PROXY UNKNOWN 1\nGET / HTTP/1.1\r\n", 16, invalid},
		{"CR in the rest", "PROXY UNKNOWN 1\r2\r\n", 17, invalid},

		{"range [0..255]", tcp4 + "1.2.3.256 ", 20, invalid},
		{"heading zero", tcp4 + "01.2.3.4 ", 13, invalid},
		{"octal zero", tcp4 + "1.2.00.4 ", 17, invalid},
		{"exactly 4 integers: 3", tcp4 + "1.2.3 ", 17, invalid},
		{"exactly 4 integers: 5", tcp4 + "1.2.3.4.5 ", 19, invalid},
		{"exactly one dot", tcp4 + "1..2.3.4", 14, invalid},
		{"hexadecimal", tcp4 + "0x1.2.3.4", 13, invalid},
		{"matches the family: 6", tcp4 + "::1 ", 12, invalid},
		{"matches the family: 4", tcp6 + "1.2.3.4 ", 13, invalid},
		{"second matches the family", "PROXY TCP6 ::1 1.2.3.4 1 2\r\n", 17, invalid},
		{"two spaces", tcp4 + "1.2.3.4  5.6.7.8 ", 20, invalid},
		{"sign", tcp4 + "1.2.3.4 5.6.7.8 +1 2\r\n", 28, invalid},
		{"port of 65536", tcp4 + "1.2.3.4 5.6.7.8 65536 2\r\n", 32, invalid},
		{"port of six digits", tcp4 + "1.2.3.4 5.6.7.8 100000 2\r\n", 33, invalid},
		{"heading zero in a port", tcp4 + "1.2.3.4 5.6.7.8 080 2\r\n", 29, invalid},
		{"no port", tcp4 + "1.2.3.4 5.6.7.8\r\n", 27, invalid},
		{"one port", tcp4 + "1.2.3.4 5.6.7.8 1\r\n", 29, invalid},
		{"empty port", tcp4 + "1.2.3.4 5.6.7.8  2\r\n", 28, invalid},
		{"something more", tcp4 + "1.2.3.4 5.6.7.8 1 2 3\r\n", 31, invalid},
		{"space before CRLF", tcp4 + "1.2.3.4 5.6.7.8 1 2 \r\n", 31, invalid},
		{"LF only", tcp4 + "1.2.3.4 5.6.7.8 1 2\n", 31, invalid},
		{"CR only", tcp4 + "1.2.3.4 5.6.7.8 1 2\rG", 32, invalid},

		{"128 bits: too few", tcp6 + "1:2:3:4:5:6:7 ", 25, invalid},
		{"128 bits: too many", tcp6 + "1:2:3:4:5:6:7:8:9 ", 27, invalid},
		{"eight groups and a double colon", tcp6 + "1:2:3:4:5:6:7:8:: ", 27, invalid},
		{"a double colon for nothing", tcp6 + "1::2:3:4:5:6:7:8 ", 26, invalid},
		{"one double colon", tcp6 + "1::2::3 ", 17, invalid},
		{"three colons", tcp6 + "1:::2 ", 15, invalid},
		{"one colon first", tcp6 + ":1 ", 13, invalid},
		{"one colon last", tcp6 + "1:2: ", 16, invalid},
		{"five digits", tcp6 + "12345::", 16, invalid},
		{"not hexadecimal", tcp6 + "g::", 12, invalid},
		{"zone", tcp6 + "fe80::1%eth0 ", 19, invalid},
		{"brackets", tcp6 + "[::1] ", 12, invalid},
		{"dots too early", tcp6 + "1:2:3:4:5:1.2.3.4 ", 23, invalid},
		{"dots too late", tcp6 + "1:2:3:4:5:6:7:1.2.3.4 ", 27, invalid},
		{"no room for dots", tcp6 + "::3:4:5:6:7:8:1.2.3.4 ", 27, invalid},
		{"no room for dots and a double colon", tcp6 + "1:2:3:4:5:6::1.2.3.4 ", 26, invalid},
		{"dots and a zero", tcp6 + "::01.2.3.4 ", 16, invalid},
		{"dots in hexadecimal", tcp6 + "::a.2.3.4 ", 15, invalid},
		{"something after dots", tcp6 + "::1.2.3.4: ", 21, invalid},

		{"not found in the first 107", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", 106, proxyproto.ErrTooLong},
		{"CR as byte 107", "PROXY UNKNOWN " + strings.Repeat("x", 100), 106, proxyproto.ErrTooLong},
		{
			"two addresses of the third form in full", tcp6 + strings.Repeat("1111:1111:1111:1111:1111:1111:100.100.100.100 ", 2) + "65535 65535\r\n",
			106, proxyproto.ErrTooLong,
		},
	} {
		t.Run(tt.name, func(t *testing.T) { checkRefusal(t, tt, 0) })
	}
}
