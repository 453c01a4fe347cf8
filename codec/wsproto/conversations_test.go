package wsproto_test

import (
	"strings"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

const (
	greek   = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5" // valid
	fatal   = "\xf4\x90"                                     // above U+10FFFF whatever follows
	tooLong = "\x7f\xff\xff\xff\xff\xff\xff\xff"             // 2^63-1
)

func message(op wsproto.OpCode, payload string) record { return record{op, payload, true} }

func begun(op wsproto.OpCode, payload string) record { return record{op, payload, false} }

// conversations are what one peer sends and what is to be read. The numbers are
// those of the Autobahn cases that they come from.
var conversations = []struct {
	name string
	cfg  wsproto.Config
	in   string
	want []record
	err  *wsproto.Error
}{
	{name: "nothing"},
	{name: "one byte", in: "\x81"},
	{
		name: "RFC 5.7 masked hello", in: "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
		want: []record{message(text, "Hello")},
	},
	{
		name: "RFC 5.7 plain hello", cfg: client, in: "\x81\x05Hello",
		want: []record{message(text, "Hello")},
	},
	{
		name: "RFC 5.7 fragments", cfg: client, in: "\x01\x03Hel\x80\x02lo",
		want: []record{message(text, "Hello")},
	},
	{
		name: "RFC 5.7 ping", cfg: client, in: "\x89\x05Hello",
		want: []record{message(ping, "Hello")},
	},
	{
		name: "key of zeros", in: "\x81\x85\x00\x00\x00\x00Hello",
		want: []record{message(text, "Hello")},
	},
	{name: "1.1.1 empty text", in: masked(fin|text, ""), want: []record{message(text, "")}},
	{name: "1.1.2 text of 125", in: masked(fin|text, rep(125)), want: []record{message(text, rep(125))}},
	{name: "1.1.3 text of 126", in: masked(fin|text, rep(126)), want: []record{message(text, rep(126))}},
	{name: "1.2.6 binary of 300", in: masked(fin|bin, rep(300)), want: []record{message(bin, rep(300))}},
	{name: "2.4 ping of 125", in: masked(fin|ping, rep(125)), want: []record{message(ping, rep(125))}},
	{name: "2.5 ping of 126", in: masked(fin|ping, rep(126)), err: wsproto.ErrControlTooLong},
	{
		name: "2.7 pong and close", in: masked(fin|pong, "") + masked(fin|cls, "\x03\xe8"),
		want: []record{message(pong, ""), message(cls, "\x03\xe8")},
	},
	{name: "3.1 RSV1", in: masked(fin|0x40|text, "x"), err: wsproto.ErrReservedBits},
	{
		name: "3.2 RSV2 after a message", in: masked(fin|text, "x") + masked(fin|0x20|text, "y"),
		want: []record{message(text, "x")}, err: wsproto.ErrReservedBits,
	},
	{name: "3.7 RSV on a close", in: masked(fin|0x70|cls, ""), err: wsproto.ErrReservedBits},
	{name: "RSV1 on a continuation", in: masked(text, "x") + masked(fin|0x40|cont, "y"), err: wsproto.ErrReservedBits},
	{name: "4.1.1 opcode 3", in: masked(fin|3, ""), err: wsproto.ErrReservedOpCode},
	{name: "4.1.5 opcode 7", in: masked(fin|7, "x"), err: wsproto.ErrReservedOpCode},
	{name: "4.2.1 opcode 11", in: masked(fin|11, ""), err: wsproto.ErrReservedOpCode},
	{name: "4.2.5 opcode 15", in: masked(fin|15, "x"), err: wsproto.ErrReservedOpCode},
	{name: "5.1 fragmented ping", in: masked(ping, "a") + masked(fin|cont, "b"), err: wsproto.ErrControlFragmented},
	{
		name: "5.6 ping between fragments", in: masked(text, "ab") + masked(fin|ping, "p") + masked(fin|cont, "cd"),
		want: []record{message(ping, "p"), message(text, "abcd")},
	},
	{name: "5.9 continuation first", in: masked(fin|cont, "a"), err: wsproto.ErrNothingToContinue},
	{name: "5.12 open continuation first", in: masked(cont, "a"), err: wsproto.ErrNothingToContinue},
	{
		name: "5.15 continuation after the end", in: masked(text, "a") + masked(fin|cont, "b") + masked(cont, "c"),
		want: []record{message(text, "ab")}, err: wsproto.ErrNothingToContinue,
	},
	{name: "5.18 text inside a message", in: masked(text, "a") + masked(fin|text, "b"), err: wsproto.ErrContinuationExpected},
	{
		name: "5.19 pings among five fragments", in: masked(bin, "1") + masked(cont, "2") + masked(fin|ping, "x") +
			masked(cont, "3") + masked(cont, "4") + masked(fin|ping, "y") + masked(fin|cont, "5"),
		want: []record{message(ping, "x"), message(ping, "y"), message(bin, "12345")},
	},
	{
		name: "close between fragments", in: masked(text, "a") + masked(fin|cls, ""),
		want: []record{message(cls, ""), begun(text, "a")},
	},
	{
		name: "6.1.2 three empty fragments", in: masked(text, "") + masked(cont, "") + masked(fin|cont, ""),
		want: []record{message(text, "")},
	},
	{
		name: "6.1.3 empty first and last", in: masked(text, "") + masked(cont, "middle") + masked(fin|cont, ""),
		want: []record{message(text, "middle")},
	},
	{
		name: "6.2.4 cut inside characters", in: masked(text, greek[:1]) + masked(cont, greek[1:3]) + masked(cont, "") +
			masked(fin|ping, "\xff") + masked(fin|cont, greek[3:]),
		want: []record{message(ping, "\xff"), message(text, greek)},
	},
	{name: "6.3.1 surrogate", in: masked(fin|text, greek+"\xed\xa0\x80"), err: wsproto.ErrInvalidUTF8},
	{name: "6.4.1 hopeless fragment", in: masked(text, greek) + masked(cont, fatal+"\x80\x80"), err: wsproto.ErrInvalidUTF8},
	{name: "6.4.3 hopeless part of a frame", in: masked(fin|text, greek+fatal+rep(9))[:6+len(greek)+2], err: wsproto.ErrInvalidUTF8},
	{name: "6.6.1 ends inside a character", in: masked(fin|text, greek[:1]), err: wsproto.ErrInvalidUTF8},
	{name: "ends inside a character, empty last", in: masked(text, greek[:1]) + masked(fin|cont, ""), err: wsproto.ErrInvalidUTF8},
	{
		name: "the next text starts afresh", in: masked(fin|text, greek) + masked(bin, "\xff") + masked(fin|cont, "\xff") + masked(fin|text, greek),
		want: []record{message(text, greek), message(bin, "\xff\xff"), message(text, greek)},
	},
	{
		name: "unchecked text", cfg: wsproto.Config{SkipUTF8: true}, in: masked(fin|text, "\xff"),
		want: []record{message(text, "\xff")},
	},
	{name: "unmasked from a client", in: plain(fin|text, "a"), err: wsproto.ErrNotMasked},
	{name: "unmasked close from a client", in: plain(fin|cls, ""), err: wsproto.ErrNotMasked},
	{name: "masked from a server", cfg: client, in: masked(fin|text, "a"), err: wsproto.ErrMasked},
	{name: "5 bytes in 16 bits", in: "\x82\xfe\x00\x05", err: wsproto.ErrLengthNotMinimal},
	{name: "65535 bytes in 64 bits", in: "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", err: wsproto.ErrLengthNotMinimal},
	{name: "2^63 bytes", in: "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", err: wsproto.ErrLengthOverflow},
	{name: "control length in 64 bits", in: "\x89\xff", err: wsproto.ErrControlTooLong},
	{name: "2^63-1 bytes by default", in: "\x82\xff" + tooLong + "keys", err: wsproto.ErrMessageTooBig},
	{
		name: "2^63-1 bytes without a limit", cfg: wsproto.Config{MaxMessage: -1}, in: "\x82\xff" + tooLong + "\x00\x00\x00\x00abc",
		want: []record{begun(bin, "abc")},
	},
	{
		name: "2^63 bytes over two frames", cfg: wsproto.Config{MaxMessage: -1},
		in:  masked(bin, "ab") + "\x80\xff" + tooLong + "keys",
		err: wsproto.ErrMessageTooBig,
	},
	{name: "frame at its limit", cfg: small, in: masked(fin|bin, rep(8)), want: []record{message(bin, rep(8))}},
	{name: "frame over its limit", cfg: small, in: masked(fin|bin, rep(9))[:6], err: wsproto.ErrFrameTooBig},
	{name: "ping over the limit of frames", cfg: small, in: masked(fin|ping, rep(9)), want: []record{message(ping, rep(9))}},
	{
		name: "message at its limit", cfg: small, in: masked(bin, rep(8)) + masked(fin|cont, rep(4)) + masked(fin|bin, rep(8)),
		want: []record{message(bin, rep(8)+rep(4)), message(bin, rep(8))},
	},
	{
		name: "message over its limit", cfg: small, in: masked(bin, rep(8)) + masked(cont, "") + masked(fin|cont, rep(5))[:6],
		err: wsproto.ErrMessageTooBig,
	},
	{
		name: "compressed", cfg: deflate, in: masked(fin|0x40|text, "\xff") + masked(fin|text, "a"),
		want: []record{message(text|compressed, "\xff"), message(text, "a")},
	},
	{
		name: "compressed in fragments", cfg: deflate,
		in:   masked(0x40|bin, "a") + masked(fin|ping, "p") + masked(cont, "b") + masked(fin|cont, "c") + masked(fin|bin, "d"),
		want: []record{message(ping, "p"), message(bin|compressed, "abc"), message(bin, "d")},
	},
	{name: "RSV1 on a continuation of a compressed message", cfg: deflate, in: masked(0x40|text, "x") + masked(fin|0x40|cont, "y"), err: wsproto.ErrReservedBits},
	{name: "RSV1 on a continuation of a plain message", cfg: deflate, in: masked(text, "x") + masked(fin|0x40|cont, "y"), err: wsproto.ErrReservedBits},
	{name: "RSV1 on a ping", cfg: deflate, in: masked(fin|0x40|ping, ""), err: wsproto.ErrReservedBits},
	{name: "RSV1 on a close", cfg: deflate, in: masked(fin|0x40|cls, ""), err: wsproto.ErrReservedBits},
	{name: "RSV1 and RSV2", cfg: deflate, in: masked(fin|0x60|text, ""), err: wsproto.ErrReservedBits},
	{name: "RSV1 on opcode 3", cfg: deflate, in: masked(fin|0x40|3, ""), err: wsproto.ErrReservedBits},
	{name: "RSV1 from a server", cfg: wsproto.Config{Client: true, Deflate: true}, in: plain(fin|0x40|bin, "a"), want: []record{message(bin|compressed, "a")}},
	{
		name: "compressed, a little over the limit", cfg: wsproto.Config{MaxMessage: 512, Deflate: true}, in: masked(fin|0x40|bin, rep(512+2+64)),
		want: []record{message(bin|compressed, rep(512+2+64))},
	},
	{
		name: "compressed, over the limit", cfg: wsproto.Config{MaxMessage: 512, Deflate: true}, in: masked(fin|0x40|bin, rep(512+2+65))[:8],
		err: wsproto.ErrMessageTooBig,
	},
	{
		name: "after a close", in: masked(fin|cls, "") + masked(fin|text, "a"),
		want: []record{message(cls, ""), message(text, "a")},
	},
}

var (
	client  = wsproto.Config{Client: true}
	deflate = wsproto.Config{Deflate: true}
	small   = wsproto.Config{MaxFrame: 8, MaxMessage: 12}
)

func rep(n int) string { return strings.Repeat("0123456789", n/10+1)[:n] }
