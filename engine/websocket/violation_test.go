package websocket_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// violations are sent whole and must be answered at their last byte: what is
// judged by the header here has only a header.
var violations = []struct {
	name string
	o    websocket.Options
	send string
	err  *wsproto.Error
}{
	{name: "RSV1", send: masked(fin|0x40|text, "")[:2], err: wsproto.ErrReservedBits},
	{name: "RSV2", send: masked(fin|0x20|bin, "")[:2], err: wsproto.ErrReservedBits},
	{name: "RSV3 on a ping", send: masked(fin|0x10|ping, "")[:2], err: wsproto.ErrReservedBits},
	{name: "opcode 3", send: masked(fin|3, "")[:2], err: wsproto.ErrReservedOpCode},
	{name: "opcode 7", send: masked(7, "")[:2], err: wsproto.ErrReservedOpCode},
	{name: "opcode 11", send: masked(fin|11, "")[:2], err: wsproto.ErrReservedOpCode},
	{name: "opcode 15", send: masked(fin|15, "")[:2], err: wsproto.ErrReservedOpCode},
	{name: "unmasked", send: plain(fin|text, "")[:2], err: wsproto.ErrNotMasked},
	{name: "unmasked close", send: plain(fin|cls, "")[:2], err: wsproto.ErrNotMasked},
	{name: "16 bits for 125", send: "\x82\xfe\x00\x7d", err: wsproto.ErrLengthNotMinimal},
	{name: "64 bits for 65535", send: "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff", err: wsproto.ErrLengthNotMinimal},
	{name: "2^63", send: "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", err: wsproto.ErrLengthOverflow},
	{name: "2^64-1", send: "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", err: wsproto.ErrLengthOverflow},
	{name: "2^63-1", send: "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234", err: wsproto.ErrMessageTooBig},
	{
		name: "2^63-1 with a limit on frames", o: websocket.Options{MaxMessage: -1, MaxFrame: 1 << 30},
		send: "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234", err: wsproto.ErrFrameTooBig,
	},
	{name: "MaxMessage by default", send: "\x82\xff\x00\x00\x00\x00\x01\x00\x00\x011234", err: wsproto.ErrMessageTooBig},
	{name: "MaxMessage", o: websocket.Options{MaxMessage: 100}, send: "\x81\xe51234", err: wsproto.ErrMessageTooBig},
	{
		name: "MaxMessage over fragments", o: websocket.Options{MaxMessage: 100},
		send: masked(text, strings.Repeat("a", 60)) + masked(cont, strings.Repeat("a", 40)) + "\x80\x811234", err: wsproto.ErrMessageTooBig,
	},
	{name: "MaxFrame", o: websocket.Options{MaxFrame: 100}, send: "\x81\xe51234", err: wsproto.ErrFrameTooBig},
	{name: "fragmented ping", send: masked(ping, "")[:2], err: wsproto.ErrControlFragmented},
	{name: "fragmented close", send: masked(cls, "")[:2], err: wsproto.ErrControlFragmented},
	{name: "ping of 126", send: "\x89\xfe", err: wsproto.ErrControlTooLong},
	{name: "close of 65536", send: "\x88\xff", err: wsproto.ErrControlTooLong},
	{name: "continuation of nothing", send: masked(fin|cont, "")[:2], err: wsproto.ErrNothingToContinue},
	{name: "continuation of a whole message", send: masked(fin|pong, "") + masked(fin|cont, "")[:2], err: wsproto.ErrNothingToContinue},
	{name: "a message inside a message", send: masked(text, "a") + masked(fin|text, "")[:2], err: wsproto.ErrContinuationExpected},
	{name: "UTF-8", send: masked(fin|text, "a\xff"), err: wsproto.ErrInvalidUTF8},
	{name: "UTF-8 that ends early", send: masked(fin|text, "a\xce"), err: wsproto.ErrInvalidUTF8},
	{name: "UTF-8 that never goes on", send: masked(text, "\xce") + masked(fin|cont, ""), err: wsproto.ErrInvalidUTF8},
	{name: "close payload of one byte", send: masked(fin|cls, "\x03"), err: wsproto.ErrCloseLength},
	{name: "close reason", send: masked(fin|cls, closing(1000, "\xff")), err: wsproto.ErrCloseReasonUTF8},
}

func init() {
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535} {
		v := violations[0]
		v.name, v.send, v.err = fmt.Sprint("close code ", code), masked(fin|cls, closing(code, "")), wsproto.ErrCloseCode
		violations = append(violations, v)
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	before := masked(fin|text, "good") + masked(fin|ping, "well")
	for _, tt := range violations {
		reply := []any{cls, closing(int(tt.err.Code), tt.err.Reason)}
		after := append([]any{text, "good", pong, "well"}, reply...)
		for _, how := range []struct {
			name     string
			segments []string
			want     []any
		}{
			{"alone", []string{tt.send}, reply},
			{"behind good ones", []string{before, tt.send}, after},
			{"in one segment", []string{before + tt.send + masked(fin|text, "in vain")}, after},
			{"byte by byte", bytewise(before + tt.send), after},
		} {
			t.Run(tt.name+"/"+how.name, func(t *testing.T) {
				t.Parallel()
				l := memory(t)
				h := &app{}
				srv := websocket.NewServer(h, tt.o)
				bystander, p := join(t, l, srv, engine.Options{}), join(t, l, srv, engine.Options{})
				for _, s := range how.segments {
					p.Send([]byte(s))
				}
				diff(t, "answer", want(how.want...), show(p.Received()))
				if !p.SawFIN() || p.Closed() {
					t.Errorf("FIN %v, closed %v, want to linger", p.SawFIN(), p.Closed())
				}
				p.Send([]byte(masked(fin|text, "nobody reads this")))
				p.CloseWrite()
				if got := p.Received(); !p.Closed() || len(got) > 0 {
					t.Errorf("closed %v, sent %q more", p.Closed(), got)
				}
				h.endedWith(t, int(tt.err.Code), tt.err)
				stillServing(t, bystander)
				s := srv.Stats()
				failed := map[wsproto.StatusCode]uint64{1002: s.ProtocolErrors, 1007: s.InvalidPayloads, 1009: s.TooBig}
				if failed[tt.err.Code] != 1 || s.ProtocolErrors+s.InvalidPayloads+s.TooBig != 1 {
					t.Errorf("stats %+v, want one failure with %d", s, tt.err.Code)
				}
			})
		}
	}
}

// TestViolationAfterClose: no second close frame is sent (RFC 6455 section 5.5.1).
func TestViolationAfterClose(t *testing.T) {
	t.Parallel()
	l := memory(t)
	h := &app{message: func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { c.Close(websocket.CodeNormal, "") }}
	p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Send([]byte(masked(fin|text, "") + masked(fin|ping, "not answered") + plain(fin|text, "not masked")))
	diff(t, "answer", want(cls, closing(1000, "")), show(p.Received()))
	p.CloseWrite()
	h.endedWith(t, websocket.CodeProtocolError, wsproto.ErrNotMasked)
}

// TestViolationBytes wants 1007 at the byte that leaves no hope (RFC 6455
// section 8.1), however the text is cut.
func TestViolationBytes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		good int // bytes that could still become UTF-8
	}{
		{"\xff", 0},
		{"a\x80", 1},
		{"\xc0\xaf", 0},                     // too long
		{"\xe0\x9f\xbf", 1},                 // too long
		{"\xf0\x8f\xbf\xbf", 1},             // too long
		{"κόσμε\xed\xa0\x80edited", 11},     // a surrogate
		{"κόσμε\xf4\x90\x80\x80edited", 11}, // over U+10FFFF
		{"\xf5\x80\x80\x80", 0},
		{"\xe2\x82a", 2},
		{strings.Repeat("é", 3000) + "\xc3(", 6001},
	} {
		whole := masked(fin|text, tt.text)
		head := len(whole) - len(tt.text)
		fragments := []string{masked(text, "")}
		for i := range len(tt.text) {
			fragments = append(fragments, masked(cont, tt.text[i:i+1]))
		}
		for name, segments := range map[string][]string{
			"one frame": append([]string{whole[:head]}, bytewise(whole[head:])...),
			"fragments": fragments,
		} {
			l := memory(t)
			h := &app{}
			p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
			at := slices.IndexFunc(segments, func(s string) bool {
				p.Send([]byte(s))
				return p.SawFIN()
			})
			if at != tt.good+1 {
				t.Errorf("%q in %s: refused with segment %d, want %d", brief(tt.text), name, at, tt.good+1)
			}
			p.CloseWrite()
			h.endedWith(t, websocket.CodeInvalidPayload, wsproto.ErrInvalidUTF8)
		}
	}
}

func TestSkipUTF8(t *testing.T) {
	t.Parallel()
	p := join(t, memory(t), websocket.NewServer(&app{}, websocket.Options{SkipUTF8: true}), engine.Options{})
	p.Send([]byte(masked(fin|text, "\xff\xce")))
	diff(t, "answer", want(text, "\xff\xce"), show(p.Received()))
}
