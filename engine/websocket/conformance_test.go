package websocket_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// conformMode is one way to run the table.
type conformMode struct {
	name     string
	client   bool // a client of ours is tested, else our server
	blocking bool // the one without an engine
	chop     int  // everything the fuzzer sends leaves in pieces of so many bytes; zero: as the case says
	early    bool // the first frames leave in one segment with the opening handshake
	target   func(t *testing.T) conformTarget
}

// conformEffort is how much of the table is run in each mode.
type conformEffort int

const (
	effortRace   conformEffort = iota // the race detector makes it ten times slower
	effortNormal                      // go test ./...
	effortFull                        // SOCKEYE_CONFORMANCE=full
)

func conformEfforts() conformEffort {
	switch {
	case os.Getenv("SOCKEYE_CONFORMANCE") == "full":
		return effortFull
	case raceEnabled:
		return effortRace
	}
	return effortNormal
}

func (e conformEffort) String() string {
	const few = "of each case of groups 9.7, 9.8, 12 and 13 only some messages; SOCKEYE_CONFORMANCE=full sends all"
	return [...]string{
		few + "\nnot all cases are run in all modes, because of the race detector", few,
		"of each case of groups 9.7, 9.8, 12 and 13 all 1,000 messages to and from the engine over tcp, in the other modes only some",
	}[e]
}

// messages is how many of a case's are sent: a thousand, or twenty but not more
// bytes than are worth it.
func (m *conformMode) messages(c *conformCase, effort conformEffort) int {
	room := 256 << 10
	switch {
	case effort == effortFull && m.whole():
		return 1000
	case effort == effortRace:
		room = 32 << 10
	case !m.whole():
		room = 64 << 10
	}
	return min(20, 1+room/max(c.size(), 1))
}

// whole is one of the modes in which everything is run, however long it takes.
func (m *conformMode) whole() bool { return m.name == "server, tcp" || m.name == "client, tcp" }

// skips says why a case is not run in a mode; empty runs it. No case is left out
// of all the modes of our server, or of our client.
func (m *conformMode) skips(c *conformCase, effort conformEffort) string {
	large := c.major() == 9 || c.size() > 1<<20 || c.compressed() && (c.size() > 1024 || c.fragment() > 0)
	switch {
	case m.client && c.hello != nil:
		return "it is about what a server is asked"
	case c.takeover && strings.Contains(m.name, "unix"):
		return "there the endpoint agrees to no takeover"
	case m.chop > 0 && large:
		return "a system call for each of 16 million bytes tells nothing that 65536 do not"
	case m.chop > 0 && c.size() > 4096 && !strings.HasPrefix(m.name, "server, tcp") && !strings.Contains(m.name, "memory"):
		return "each byte is two system calls and two wake-ups; in memory it is neither"
	case m.early && (c.deflate || c.hello != nil):
		return "what is compressed depends on the answer to the handshake"
	case m.early && c.major() == 9:
		return "only the first segment differs, which the other groups have too"
	case effort < effortFull && m.chop > 0 && !strings.HasPrefix(m.name, "server, tcp") && !strings.Contains(m.name, "memory"):
		return "as above; in memory each byte is a segment for certain"
	case effort == effortRace && large && !m.whole(), effort < effortFull && large && m.blocking && !strings.HasSuffix(m.name, "tcp"):
		return "it takes longer than all other cases, and is run over tcp"
	case effort == effortRace && c.size() > 1<<20 && (m.client || c.deflate && !c.steps[1].payload.zeros):
		return "the race detector looks at each byte, and has seen that many before"
	case effort == effortRace && c.major() == 6 && strings.Contains(m.name, "tls"):
		return "the handshakes of TLS take all the time, and the groups around this one tell the rest"
	}
	return ""
}

// conformOptions let an endpoint compress everything, whether its peer wants that
// or not. Unix sockets are for the ones without takeover: RFC 7692 is the same on
// each of them.
func conformOptions(network string) websocket.Options {
	return websocket.Options{Compression: &websocket.Compression{Takeover: network != "unix", Threshold: -1}}
}

func conformModes() (list []*conformMode) {
	for _, m := range []struct {
		name  string
		chop  int
		early bool
	}{
		{"tcp", 0, false},
		{"unix", 0, false},
		{"tls", 0, false},
		{"tcp, one byte at a time", 1, false},
		{"unix, one byte at a time", 1, false},
		{"tls, one byte at a time", 1, false},
		{"memory, one byte at a time", 1, false},
		{"tcp, with the handshake", 0, true},
		{"memory, with the handshake", 0, true},
	} {
		network, _, _ := strings.Cut(m.name, ",")
		o := conformOptions(network)
		server := func(t *testing.T) conformTarget { return newConformServer(t, network, o) }
		client := func(t *testing.T) conformTarget { return newConformClient(t, network, o, false) }
		if network == "memory" {
			server = func(t *testing.T) conformTarget {
				return newConformMemory(t, func(echo *conformEcho) (engine.Handler, error) {
					return websocket.NewServer(echo, o), nil
				})
			}
			client = func(t *testing.T) conformTarget {
				return newConformMemory(t, func(echo *conformEcho) (engine.Handler, error) {
					h, _, err := websocket.NewDialing("ws://fuzzer/", echo, websocket.DialOptions{Options: o})
					return h, err
				})
			}
		}
		list = append(list,
			&conformMode{name: "server, " + m.name, chop: m.chop, early: m.early, target: server},
			&conformMode{name: "client, " + m.name, chop: m.chop, early: m.early, client: true, target: client})
		if network == "memory" {
			continue
		}
		list = append(list, &conformMode{
			name: "blocking client, " + m.name, chop: m.chop, early: m.early, client: true, blocking: true,
			target: func(t *testing.T) conformTarget { return newConformClient(t, network, o, true) },
		})
	}
	return list
}

// TestConformance runs the cases of the Autobahn test suite, as a table of facts,
// against our server and our clients: see conformance_judge_test.go for what
// passing means. SOCKEYE_CONFORMANCE=full sends as many messages as the original.
// With -v it prints what it has counted; one case: -run 'Conformance/mode/server,_tcp$/6.4'.
func TestConformance(t *testing.T) {
	t.Parallel()
	cases := loadConformance(t, "testdata/conformance-cases.tsv")
	if len(cases) != 517 {
		t.Fatalf("%d cases, want 517", len(cases))
	}
	runConformance(t, cases, conformModes(), conformEfforts())
}

// TestConformanceExtra runs cases that the suite does not have, from a table of the
// same form.
func TestConformanceExtra(t *testing.T) {
	t.Parallel()
	runConformance(t, loadConformance(t, "testdata/conformance-extra.tsv"), conformModes(), conformEfforts())
}

func runConformance(t *testing.T, cases []*conformCase, modes []*conformMode, effort conformEffort) {
	report := newConformReport(cases)
	groups := map[string][]*conformCase{}
	for _, c := range cases {
		groups[c.prefix()] = append(groups[c.prefix()], c)
	}
	var names []string
	t.Run("mode", func(t *testing.T) { // returns when all are done
		for _, m := range modes {
			names = append(names, m.name)
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				for _, g := range report.groups {
					t.Run(g, func(t *testing.T) {
						t.Parallel()
						m.run(t, groups[g], report, effort)
					})
				}
			})
		}
	})
	report.print(t, names, effort.String())
}

// run does a group of cases, one after the other.
func (m *conformMode) run(t *testing.T, cases []*conformCase, report *conformReport, effort conformEffort) {
	var target conformTarget
	for _, c := range cases {
		if m.skips(c, effort) != "" {
			continue
		}
		if target == nil {
			target = m.target(t)
		}
		v, detail := m.try(target, c, m.messages(c, effort))
		report.add(m.name, c, v)
		if v > verdictInformational || v == verdictInformational && !c.inform {
			t.Errorf("%s: %v: %s", c.id, v, detail)
		}
	}
	if target != nil {
		target.close(t)
	}
}

// try runs one case.
func (m *conformMode) try(target conformTarget, c *conformCase, n int) (verdict, string) {
	wire, err := target.connect()
	if err != nil {
		return verdictFailed, err.Error()
	}
	f := newFuzzer(wire, !m.client, uint64(c.minor()))
	f.chop = m.chop
	if c.hello != nil {
		f.misbehave(c.hello)
		return f.judge(c)
	}
	if err := f.shake(c.offers(), m.early); err != nil {
		_ = wire.Close()
		return verdictFailed, err.Error()
	}
	if c.deflate && f.deflate == nil {
		_ = wire.Close()
		return verdictUnimplemented, "permessage-deflate was declined"
	}
	f.run(c, n)
	v, detail := f.judge(c)
	if v == verdictOK && c.compressed() && f.shrunk == 0 && c.size() > 64 && !strings.Contains(c.group, "PDF") {
		return verdictUnimplemented, "no message came compressed"
	}
	return v, detail
}
