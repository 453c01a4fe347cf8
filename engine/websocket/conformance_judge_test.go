package websocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// verdict is what a case ends with. The first two are what is wanted.
type verdict int

const (
	verdictOK verdict = iota
	verdictInformational
	verdictNonStrict
	verdictWrongCode
	verdictUnclean
	verdictUnimplemented
	verdictFailed
)

func (v verdict) String() string {
	return [...]string{"OK", "INFORMATIONAL", "NON-STRICT", "WRONG CODE", "UNCLEAN", "UNIMPLEMENTED", "FAILED"}[v]
}

// judge is stricter than the original suite: it compares what was echoed
// everywhere, wants a close frame with one of the codes even where "none" is
// accepted (unless ours had none), and a clean end without a reset of all cases.
func (f *fuzzer) judge(c *conformCase) (verdict, string) {
	wanted := c.ok
	if c.echoed || c.inform {
		wanted = nil
		for _, m := range f.sent {
			wanted = append(wanted, conformEvent{conformKinds[m.op], literally(m.payload)})
		}
	}
	last := fmt.Sprintf("; the end was %v, close code %d", f.end, f.code)
	switch {
	case f.same(wanted):
	case c.loosely && f.same(c.loose):
		return verdictNonStrict, "got " + showEvents(f.got) + last
	default:
		return verdictFailed, "got " + showEvents(f.got) + ", want " + showEvents(wanted) + last
	}
	switch {
	case c.nobody && f.answered:
		return verdictFailed, "a close frame" + last
	case c.nobody && errors.Is(f.end, io.EOF):
		return verdictOK, ""
	case !f.answered:
		return verdictUnclean, "no close frame" + last
	case f.first != c.peerFirst:
		return verdictFailed, fmt.Sprintf("the first close frame came from the endpoint: %v", f.first) + last
	case !slices.Contains(c.codes, f.code) && (f.code >= 0 || f.closeCode >= 0 || c.codes[0] != 1000):
		return verdictWrongCode, fmt.Sprintf("close code %d, want one of %v", f.code, c.codes)
	case !errors.Is(f.end, io.EOF):
		return verdictUnclean, "ended with " + f.end.Error()
	case f.wrote != nil:
		return verdictUnclean, "writing: " + f.wrote.Error()
	case c.inform:
		return verdictInformational, ""
	}
	return verdictOK, ""
}

// same compares events. An event that the table gives by its size only must be
// the message or the ping that was sent.
func (f *fuzzer) same(wanted []conformEvent) bool {
	if len(f.got) != len(wanted) {
		return false
	}
	messages, pongs := 0, 0
	for i, w := range wanted {
		got := f.got[i].payload.literal
		var was []byte
		switch {
		case w.kind == "pong" && pongs < len(f.pings):
			was, pongs = f.pings[pongs], pongs+1
		case w.kind == "timeout", w.kind == "http":
			was = w.payload.literal
		case w.kind != "pong" && messages < len(f.sent):
			was = f.sent[messages].payload
			if f.sent[messages].raw && w.payload.size < 0 {
				was = w.payload.literal
			}
			messages++
		default:
			return false
		}
		if f.got[i].kind != w.kind || !bytes.Equal(got, was) ||
			w.payload.size >= 0 && len(got) != w.payload.size ||
			w.payload.size < 0 && !bytes.Equal(got, w.payload.literal) {
			return false
		}
	}
	return true
}

func showEvents(list []conformEvent) string {
	if len(list) == 0 {
		return "nothing"
	}
	var s []string
	for _, e := range list {
		if e.payload.size >= 0 {
			s = append(s, fmt.Sprintf("%s %dB", e.kind, e.payload.size))
		} else {
			s = append(s, fmt.Sprintf("%s %s", e.kind, brief(fmt.Sprintf("%q", e.payload.literal))))
		}
	}
	return strings.Join(s, "; ")
}
