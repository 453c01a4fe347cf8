package websocket_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// model is a slow and obvious echo server: what it answers to all bytes that a
// client sent after the handshake, as show has it but with the code alone of a
// close frame. It looks at everything from the start, and has no state between
// two calls.
func model(in []byte, maxMessage uint64) (answers []string) {
	answer := func(op byte, payload []byte) { answers = append(answers, brief(opName[op]+string(payload))) }
	fail := func(code int) []string { return append(answers, fmt.Sprint("close ", code)) }
	var msg []byte
	var kind byte // of the message that is not over, 0 = none
	for len(in) >= 2 {
		end, op, control := in[0]&0x80 != 0, in[0]&15, in[0]&8 != 0
		switch {
		case in[0]&0x70 != 0, op > 2 && op < 8, op > 10, in[1]&0x80 == 0:
			return fail(1002)
		case control && (!end || in[1]&127 > 125):
			return fail(1002)
		case !control && (op == 0) != (kind != 0):
			return fail(1002)
		}
		head, n := 2, uint64(in[1]&127)
		switch n {
		case 126:
			if head = 4; len(in) >= head {
				n = uint64(binary.BigEndian.Uint16(in[2:]))
			}
		case 127:
			if head = 10; len(in) >= head {
				n = binary.BigEndian.Uint64(in[2:])
			}
		}
		if len(in) < head {
			break
		}
		if head == 4 && n < 126 || head == 10 && n < 65536 || n >= 1<<63 {
			return fail(1002)
		}
		if len(in) < head+4 {
			break
		}
		if !control && n+uint64(len(msg)) > maxMessage {
			return fail(1009)
		}
		key := in[head : head+4]
		in = in[head+4:]
		whole := uint64(len(in)) >= n
		payload := make([]byte, min(uint64(len(in)), n))
		for i := range payload {
			payload[i] = in[i] ^ key[i%4]
		}
		in = in[len(payload):]
		if control {
			switch {
			case !whole:
				return answers
			case op == ping:
				answer(pong, payload)
			case op == cls:
				return fail(closeAnswer(payload))
			}
			continue
		}
		if op != 0 {
			kind = op
		}
		msg = append(msg, payload...)
		over := whole && end
		if kind == text && !couldBeText(msg, over) {
			return fail(1007)
		}
		if over {
			answer(kind, msg)
			msg, kind = nil, 0
		}
	}
	return answers
}

// closeAnswer is the code that answers a close frame.
func closeAnswer(p []byte) int {
	if len(p) == 0 {
		return 1005
	}
	if len(p) == 1 {
		return 1002
	}
	code := int(p[0])<<8 | int(p[1])
	good := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999
	switch {
	case !good:
		return 1002
	case !utf8.Valid(p[2:]):
		return 1007
	}
	return code
}

// couldBeText tells whether p is UTF-8, or could become it when it goes on.
func couldBeText(p []byte, over bool) bool {
	for len(p) > 0 {
		if r, n := utf8.DecodeRune(p); r != utf8.RuneError || n > 1 {
			p = p[n:]
			continue
		}
		return !over && !utf8.FullRune(p)
	}
	return true
}

// codes rewrites the close frames of show as model has them.
func codes(answers []string) []string {
	for i, s := range answers {
		payload, ok := strings.CutPrefix(s, "close ")
		switch {
		case ok && len(payload) >= 2:
			answers[i] = fmt.Sprint("close ", int(payload[0])<<8|int(payload[1]))
		case ok:
			answers[i] = "close 1005"
		}
	}
	return answers
}
