package differential_test

import (
	"encoding/binary"
	"strings"
)

// words is text with characters of every length, and words2 bytes that are no
// text, each wrong in a way of its own.
var (
	words = strings.Repeat("Hello, κόσμε! €5 \U00010348 \uffff\ud7ff\ue000 \U0010ffff\x00 ", 30)
	wrong = []string{
		"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xef\xbf", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5", "\xf0\x90\x8d", "\xfe", "\xff",
	}
)

// payload is what a data frame carries: of a text the next bytes, whole
// characters only where the message ends.
func (k *kitchen) payload(text, last bool) []byte {
	size, content := k.size(), k.next()
	if !text {
		return k.bytes(size)
	}
	var b []byte
	for len(b) < size {
		n := min(size-len(b), len(words)-k.text)
		b = append(b, words[k.text:k.text+n]...)
		k.text = (k.text + n) % len(words)
	}
	if last {
		for k.text > 0 && words[k.text]&0xc0 == 0x80 {
			b = append(b, words[k.text])
			k.text++
		}
		k.text = 0
	}
	switch {
	case content >= 248: // bytes that are no text, at a place where they may hide
		bad := wrong[k.next()%16]
		at := int(k.next()) % (len(b) + 1)
		b = append(b[:at:at], bad+string(b[at:])...)
	case content >= 246: // a character is cut off at the end
		b = append(b, "\U00010348"[:1+k.next()%3]...)
	}
	return b
}

// pack compresses a whole message, which may be corrupt then.
func (k *kitchen) pack() {
	text := k.payload(k.open == opText, true)
	if k.next() >= 250 { // much of nothing
		text = make([]byte, 1<<(10+k.next()&7))
	}
	k.packed, k.rest = true, deflate(text, k.window, k.next())
	if k.packing == takeover {
		k.window = slide(k.window, text)
	}
	switch at := int(k.next()); k.next() {
	case 240, 241:
		if len(k.rest) > 0 {
			k.rest[at%len(k.rest)] ^= k.next()
		}
	case 242, 243:
		k.rest = k.rest[:max(0, len(k.rest)-1-at%8)]
	case 244, 245:
		k.rest = append(k.rest, k.bytes(at%4)...)
	case 246:
		k.rest = k.bytes(at % 16)
	case 247: // two streams
		k.rest = append(k.rest, k.rest...)
	}
}

// piece is the next frame of a compressed message.
func (k *kitchen) piece(last bool) []byte {
	n := len(k.rest)
	if !last {
		n = min(n, int(k.next()))
	}
	p := k.rest[:n:n]
	k.rest = k.rest[n:]
	return p
}

// size is that of a payload: mostly small, sometimes where the form of a length
// or the limit changes.
func (k *kitchen) size() int {
	switch b := k.next(); {
	case b < 160:
		return int(b) % 32
	case b < 200:
		return 120 + int(b)%12
	case b < 220:
		return int(b) * 3
	case b < 240:
		return 996 + int(b)%8
	case b < 246:
		return 65533 + int(b)%6
	case b < 252:
		return 69_998 + int(b)%4
	default:
		return 4090 + int(b)%8
	}
}

// bytes takes n bytes of the recipe, or invents them.
func (k *kitchen) bytes(n int) []byte {
	b := make([]byte, 0, n)
	if take := min(n, 8, len(k.left)); take > 0 {
		b = append(b, k.left[:take]...)
		k.left = k.left[take:]
	}
	for len(b) < n {
		b = append(b, byte(len(b)*7))
	}
	return b
}

// close is the payload of a close frame.
func (k *kitchen) close() []byte {
	codes := []int{
		1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
		0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535, 1000, 1001,
	}
	how := k.next()
	switch how >> 5 {
	case 0:
		return nil
	case 1:
		return k.bytes(1)
	}
	b := binary.BigEndian.AppendUint16(nil, uint16(codes[how&31]))
	switch how >> 5 {
	case 2:
		return append(b, wrong[k.next()%16]...)
	case 3:
		return append(b, words[:123]...) // ends with a whole character
	case 4:
		return append(b, k.bytes(int(k.next())%126)...)
	case 5:
		return append(b, words[:int(k.next())%40]...)
	}
	return b
}
