package differential_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// A rule is a way in which go-proxyproto reads a header differently: apply makes
// of our outcome what theirs must be then. A rule is as narrow as that: where it
// changes nothing it explains nothing.
type rule struct {
	section string // of proxy-protocol.txt
	reason  string
	example string // bytes to which it applies
	apply   func(in header, o outcome, err error) outcome
}

// header is the bytes both were given.
type header struct {
	p      []byte
	head   bool // it has the 16 bytes of a header of version 2, with a right version and command
	proxy  bool // and the command is PROXY
	block  int  // the size of the addresses; -1 for an unassigned family or protocol
	length int  // as it is declared
}

const signature = "\r\n\r\n\x00\r\nQUIT\n"

var blockSizes = map[byte]int{0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}

func headerOf(p []byte) header {
	in := header{p: p}
	if len(p) < 16 || !bytes.HasPrefix(p, []byte(signature)) || p[12] != 0x20 && p[12] != 0x21 {
		return in
	}
	in.head, in.proxy = true, p[12] == 0x21
	in.length = int(binary.BigEndian.Uint16(p[14:]))
	in.block = -1
	if size, ok := blockSizes[p[13]]; ok {
		in.block = size
	}
	return in
}

// whole tells whether all that is declared is there and covers the addresses.
func (in header) whole() bool {
	return in.head && in.block >= 0 && in.block <= in.length && in.length <= limit && len(in.p) >= 16+in.length
}

// unjudged is the outcome when nothing after the addresses is looked at, but what
// there is of TLVs before they break is not given either.
func (in header) unjudged() outcome {
	bare := append(bytes.Clone(in.p[:14]), byte(in.block>>8), byte(in.block))
	o, _ := ours(append(bare, in.p[16:16+in.block]...))
	o.n = 16 + in.length
	tlvs := in.p[16+in.block : o.n]
	size := 0
	for typ, value := range proxyproto.TLVs(tlvs).Each {
		o.tlvs = append(o.tlvs, tlvText(byte(typ), value))
		size += 3 + len(value)
	}
	if size != len(tlvs) {
		o.tlvs, o.bad = nil, true
	}
	return o
}

func wire(head, block string) string {
	return signature + head + string(binary.BigEndian.AppendUint16(nil, uint16(len(block)))) + block
}

const block4 = "\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb"

func path(s string) string { return s + strings.Repeat("\x00", 108-len(s)) }

// rules are applied in this order.
var rules = []rule{
	{
		"2.1",
		"a CR alone is let through in the rest of an UNKNOWN line. To ours the line is broken there: \"must not tolerate a single CR\"",
		"PROXY UNKNOWN a\rb\r\n",
		func(in header, o outcome, err error) outcome {
			line, _, found := bytes.Cut(in.p[:min(len(in.p), proxyproto.MaxV1)], []byte("\n"))
			if line, cr := bytes.CutSuffix(line, []byte("\r")); found && cr && bytes.HasPrefix(line, []byte("PROXY UNKNOWN ")) &&
				bytes.ContainsRune(line, '\r') {
				plain, _ := ours([]byte("PROXY UNKNOWN\r\n"))
				plain.n = len(line) + 2
				return plain
			}
			return o
		},
	},
	{
		"2.1",
		"UNKNOWN of version 1 is called LOCAL. Version 1 has no commands, and ours says PROXY of an unspecified transport",
		"PROXY UNKNOWN\r\n",
		func(in header, o outcome, err error) outcome {
			if o.head.Version == 1 && o.head.Transport == proxyproto.Unspec {
				o.head.Command = proxyproto.Local
			}
			return o
		},
	},
	{
		"2.2.3",
		"the checksum is not verified. \"If it is not, the receiver MUST treat the TCP connection providing the header as invalid\"",
		wire("\x21\x11", block4+"\x03\x00\x041234"),
		func(in header, o outcome, err error) outcome {
			if errors.Is(err, proxyproto.ErrChecksum) && in.whole() {
				return in.unjudged()
			}
			return o
		},
	},
	{
		"2.2, 2.2.3, 2.2.5, 2.2.6",
		"TLVs are not looked at until they are asked for: ones that are cut, a checksum that is not one of 4 bytes, a unique ID of " +
			"more than 128, an SSL without its parts. Ours refuses the header, so that whoever asks later gets no error",
		wire("\x21\x11", block4+"\x04\x00"),
		func(in header, o outcome, err error) outcome {
			if errors.Is(err, proxyproto.ErrInvalid) && in.proxy && in.whole() && o.n == 0 {
				return in.unjudged()
			}
			return o
		},
	},
	{
		"2.2",
		"a LOCAL header keeps TLVs that cannot be read; to ours they are part of the block to discard",
		wire("\x20\x00", "\x04\x00"),
		func(in header, o outcome, err error) outcome {
			if o.n > 0 && !in.proxy && in.whole() {
				return in.unjudged()
			}
			return o
		},
	},
	{
		"2.2",
		"UNSPEC with PROXY is refused. \"The receiver is free to accept the connection anyway [...] or to reject\" it; ours leaves " +
			"that to its caller, since UNSPEC is the one protocol that is \"mandatory to implement on the receiver\"",
		wire("\x21\x00", ""),
		func(in header, o outcome, err error) outcome {
			if o.n > 0 && in.proxy && in.p[13] == 0 {
				return outcome{}
			}
			return o
		},
	},
	{
		"2.2",
		"LOCAL with an unassigned family or protocol is refused. \"The receiver must accept this connection as valid and must [...] " +
			"discard the protocol block including the family which is ignored\"; the rule against such values is for the others",
		wire("\x20\xff", ""),
		func(in header, o outcome, err error) outcome {
			if in.head && !in.proxy && in.block < 0 {
				return outcome{}
			}
			return o
		},
	},
	{
		"2.2",
		"LOCAL keeps the addresses that came with it. Ours gives none, so that nobody takes them for the client's",
		wire("\x20\x11", block4),
		func(in header, o outcome, err error) outcome {
			if o.n > 0 && !in.proxy && in.whole() {
				p := bytes.Clone(in.p)
				p[12] = 0x21
				as := header{p, true, true, in.block, in.length}.unjudged().head
				as.Command = proxyproto.Local
				o.head = as
			}
			return o
		},
	},
	{
		"2.2",
		"the name of a unix socket ends with its first zero byte, so an abstract one is lost",
		wire("\x21\x31", path("\x00abstract")+path("/run/b")),
		func(in header, o outcome, err error) outcome {
			for _, name := range []*[]byte{&o.head.SourcePath, &o.head.DestinationPath} {
				*name, _, _ = bytes.Cut(*name, []byte{0})
			}
			return o
		},
	},
	{
		"2.2.4",
		"the value of a NOOP is not kept. Ours is a view of the bytes and has it",
		wire("\x21\x11", block4+"\x04\x00\x03pad"),
		func(in header, o outcome, err error) outcome {
			tlvs := o.tlvs
			o.tlvs = nil
			for _, one := range tlvs {
				if strings.HasPrefix(one, "0x4 ") {
					one = `0x4 ""`
				}
				o.tlvs = append(o.tlvs, one)
			}
			return o
		},
	},
}
