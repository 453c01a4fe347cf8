package websocket_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// conformCase is a line of testdata/conformance-cases.tsv: what is sent to an
// echo endpoint and what must come back.
type conformCase struct {
	id, group string
	steps     []conformStep
	ok, loose []conformEvent // loose is accepted, but not strict
	loosely   bool           // there is a loose outcome, which may be "nothing"
	timeouts  int            // in ok; negative: a wait that passes is no event
	inform    bool           // can be informational only, whatever happens
	echoed    bool           // every message must come back, whatever ok says
	peerFirst bool           // the endpoint, not the fuzzer, sends the first close frame
	nobody    bool           // there are no close frames
	hello     []string       // what is wrong with the opening handshake; nil: nothing
	deflate   bool           // compression is offered
	takeover  bool           // and must be with takeover
	codes     []int
}

// conformStep is one thing that the fuzzer does.
type conformStep struct {
	name    string // text, bin, cont, ping, pong, close, op, message, frame-header, frame-data, begin-message, end-message, wait, bound
	op      byte
	rsv     byte // three bits
	open    bool // FIN is not set
	payload conformPayload
	code    int // of a close frame; negative: none
	length  int
	sync    bool // leaves in a segment of its own
	chop    int  // leaves in pieces of so many bytes
	frag    int  // the message is cut into frames of so many bytes
	repeat  int  // so often, and each time the echo is waited for

	// Of the extra cases only:
	misMask bool   // masked if it should not be, and the other way round
	bits    int    // of the length, 16 or 64, though fewer would do
	declare uint64 // the length that the header tells; zero: the true one
}

// conformPayload is bytes that the table spells out, or only their number.
type conformPayload struct {
	literal []byte
	size    int // negative: literal
	zeros   bool
}

// literally is what has come, or what a table spells out.
func literally(p []byte) conformPayload { return conformPayload{literal: p, size: -1} }

// conformEvent is a message, a pong, or a timeout that passed.
type conformEvent struct {
	kind    string // text, bin, pong, timeout
	payload conformPayload
}

var conformOps = map[string]byte{"cont": cont, "text": text, "bin": bin, "close": cls, "ping": ping, "pong": pong}

// loadConformance reads a table; what it does not understand fails the test.
func loadConformance(t testing.TB, file string) (list []*conformCase) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	seen := map[string]bool{}
	for i, line := range lines[1:] { // the first has the names of the columns
		c, err := parseConformance(strings.Split(line, "\t"))
		if err == nil && seen[c.id] {
			err = fmt.Errorf("%s is there twice", c.id)
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", file, i+2, err)
		}
		seen[c.id] = true
		list = append(list, c)
	}
	return list
}

func parseConformance(f []string) (*conformCase, error) {
	if len(f) != 8 {
		return nil, fmt.Errorf("%d columns, want 8", len(f))
	}
	c := &conformCase{id: f[0], group: f[1]}
	var err error
	if c.steps, err = parseSteps(f[2]); err != nil {
		return nil, err
	}
	c.deflate = c.compressed()
	for _, s := range c.steps {
		switch s.name {
		case "deflate":
			c.deflate = true
		case "takeover":
			c.takeover = true
		case "hello":
			c.hello = append(c.hello, string(s.payload.literal))
		}
	}
	ok, inform := strings.CutSuffix(f[3], " -> always INFORMATIONAL")
	c.inform = inform
	switch ok {
	case "echo of same type and length (content not compared)", "each message echoed, type, length and SHA-1 compared":
		c.echoed = true
	default:
		if c.ok, err = parseEvents(ok); err != nil {
			return nil, err
		}
	}
	if c.loosely = f[4] != ""; c.loosely {
		if c.loose, err = parseEvents(f[4]); err != nil {
			return nil, err
		}
	}
	switch f[5] {
	case "fuzzer":
	case "peer under test":
		c.peerFirst = true
	case "nobody":
		c.nobody = true
	default:
		return nil, fmt.Errorf("first close frame from %q", f[5])
	}
	codes, none := strings.CutSuffix(f[6], " or none")
	if !none && codes != "-1" {
		return nil, fmt.Errorf("close codes %q", f[6])
	}
	for s := range strings.SplitSeq(codes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, err
		}
		c.codes = append(c.codes, n)
	}
	if f[7] != "yes" && f[7] != "no" { // what it says does not matter: see judge
		return nil, fmt.Errorf("clean close %q", f[7])
	}
	c.timeouts = -1
	for _, e := range append(c.ok, c.loose...) {
		if e.kind == "timeout" {
			c.timeouts = max(c.timeouts, 0)
		}
	}
	for _, e := range c.ok {
		if e.kind == "timeout" {
			c.timeouts++
		}
	}
	if p, ok := conformSpelled[c.id]; ok && c.steps[0].payload.size == len(p) {
		c.steps[0].payload = literally([]byte(p))
	} else if len(c.steps) == 0 || ok || c.codes[0] == 1007 && c.steps[0].payload.size >= 0 {
		return nil, fmt.Errorf("%s: what is wrong is not told", c.id)
	}
	// The table shows only the first of these; "fixed number" is 1,000.
	if strings.Contains(c.group, "Roundtrip Time") {
		c.steps[len(c.steps)-1].repeat = 1000
	}
	return c, nil
}

// conformSpelled has payloads that are more than a size, and longer than the
// table spells out.
var conformSpelled = map[string]string{
	"6.12.8": sequence("", 0x80, 0xbe),  // continuation bytes; the original leaves out the last of each
	"6.13.1": sequence(" ", 0xc0, 0xde), // the first bytes of two, and of three
	"6.13.2": sequence(" ", 0xe0, 0xee),
	"6.15.1": "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80" + // the cases of 6.14 in a row
		"\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf",
}

func sequence(after string, from, to byte) (s string) {
	for ; from <= to; from++ {
		s += string([]byte{from}) + after
	}
	return s
}

// What a step looks like. A quoted payload may hold blanks, so steps are cut off
// the front one by one.
var (
	stepBound  = regexp.MustCompile(`^\[(?:give up|close) after [0-9.]+s\]`)
	stepZip    = regexp.MustCompile(`^\[(deflate|takeover)\]`)
	stepWait   = regexp.MustCompile(`^wait [0-9.]+s`)
	stepRepeat = regexp.MustCompile(`^(\d+) x (\S+) one at a time$`)
	stepWord   = regexp.MustCompile(`^(?:begin|end)-message`)
	stepFrame  = regexp.MustCompile(`^([a-z-]+?)(\d*)((?:/[a-z]+\d*)*)\(((?:[^'()]|'[^']*')*)\)((?:/[a-z]+\d*)*)`)
)

func parseSteps(s string) (list []conformStep, err error) {
	if m := stepRepeat.FindStringSubmatch(s); m != nil {
		if list, err = parseSteps(m[2]); err == nil {
			list[0].repeat, err = strconv.Atoi(m[1])
		}
		return list, err
	}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, " ") {
		step := conformStep{payload: literally(nil), code: -1}
		m := stepFrame.FindStringSubmatch(s)
		switch {
		case stepBound.MatchString(s):
			step.name, m = "bound", stepBound.FindStringSubmatch(s)
		case stepZip.MatchString(s):
			m = stepZip.FindStringSubmatch(s)
			step.name = m[1]
		case stepWait.MatchString(s):
			step.name, m = "wait", stepWait.FindStringSubmatch(s)
		case stepWord.MatchString(s):
			m = stepWord.FindStringSubmatch(s)
			step.name = m[0]
		case m != nil:
			if step, err = parseFrame(m[1], m[2], m[3]+m[5], m[4]); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("step %q", s)
		}
		s = s[len(m[0]):]
		if s != "" && s[0] != ' ' {
			return nil, fmt.Errorf("%q after a step", s)
		}
		list = append(list, step)
	}
	return list, nil
}

// parseFrame understands NAME MODIFIERS (ARGUMENT) MODIFIERS.
func parseFrame(name, number, modifiers, arg string) (step conformStep, err error) {
	step = conformStep{name: name, code: -1}
	op, known := conformOps[name]
	switch {
	case number != "":
		n, err := strconv.Atoi(number)
		if err != nil || name != "op" || n > 15 {
			return step, fmt.Errorf("step %s%s", name, number)
		}
		op = byte(n)
	case name == "text-message", name == "bin-message":
		op = conformOps[strings.TrimSuffix(name, "-message")]
		step.name = "message"
	case name == "frame-header":
		op = text
		n, found := strings.CutPrefix(arg, "len=")
		if step.length, err = strconv.Atoi(n); err != nil || !found {
			return step, fmt.Errorf("frame-header(%s)", arg)
		}
		arg = ""
	case name == "bin-zeros":
		op, step.name = bin, "message"
	case name == "frame-data", name == "hello":
	case !known:
		return step, fmt.Errorf("step %s", name)
	}
	step.op = op
	if name == "close" && !strings.HasPrefix(arg, "'") {
		code, rest, _ := strings.Cut(arg, ",")
		if code != "" {
			if step.code, err = strconv.Atoi(code); err != nil {
				return step, err
			}
		}
		arg = rest
	}
	if step.payload, err = parsePayload(arg); err != nil {
		return step, err
	}
	step.payload.zeros = name == "bin-zeros"
	for _, m := range strings.Split(modifiers, "/")[1:] {
		word := strings.TrimRight(m, "0123456789")
		wide, err := strconv.ParseUint(m[len(word):], 10, 64)
		n := int(wide)
		if err != nil && m != "sync" && m != "mismask" {
			return step, fmt.Errorf("modifier %q", m)
		}
		switch {
		case m == "sync":
			step.sync = true
		case m == "mismask":
			step.misMask = true
		case word == "len" && (n == 16 || n == 64):
			step.bits = n
		case word == "declare":
			step.declare = wide
		case m == "fin0":
			step.open = true
		case word == "rsv" && n < 8:
			step.rsv = byte(n)
		case word == "chop":
			step.chop = n
		case word == "frag", word == "autofrag":
			step.frag = n
		default:
			return step, fmt.Errorf("modifier %q", m)
		}
	}
	return step, nil
}

func parsePayload(s string) (conformPayload, error) {
	p := literally(nil)
	var err error
	switch {
	case s == "":
	case len(s) >= 2 && s[0] == '\'' && s[len(s)-1] == '\'':
		p.literal = []byte(s[1 : len(s)-1])
	case strings.HasPrefix(s, "0x"):
		p.literal, err = hex.DecodeString(s[2:])
	case strings.HasSuffix(s, "B"):
		p.size, err = strconv.Atoi(s[:len(s)-1])
	default:
		err = fmt.Errorf("payload %q", s)
	}
	return p, err
}

func parseEvents(s string) (list []conformEvent, err error) {
	if s == "(nothing)" {
		return nil, nil
	}
	for part := range strings.SplitSeq(s, "; ") {
		e := conformEvent{}
		kind, payload, _ := strings.Cut(part, " ")
		switch e.kind = kind; kind {
		case "timeout":
			e.payload = literally([]byte(payload))
		case "text", "bin", "pong", "http":
			if payload == "" {
				return nil, fmt.Errorf("event %q", part)
			}
			if e.payload, err = parsePayload(payload); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("event %q", part)
		}
		list = append(list, e)
	}
	return list, nil
}
