package floors_test

import (
	"path"
	"strings"
	"testing"
)

const module = "github.com/sockeye-io/sockeye"

// file is one Go file of the module.
type file struct {
	dir  string // its package, relative to the module's root: engine/websocket
	name string // gnet_linux.go
}

func (f file) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// rule bars some imports from some files. what is the import with the module's own path
// cut off, so that engine/stream is a package of ours and net/http or
// github.com/gobwas/ws are not; ours tells the two apart.
type rule struct {
	text string
	bars func(f file, what string, ours bool) bool
}

// rules are DESIGN.md's floors. Test files may look up at other floors, and may use the
// network and the clock on floor 0 too: an oracle often needs them.
var rules = []rule{
	{"gnet is imported by engine/gnet*.go and by nothing else", func(f file, what string, ours bool) bool {
		return within(what, "github.com/panjf2000/gnet") &&
			!(f.dir == "engine" && strings.HasPrefix(f.name, "gnet"))
	}},
	{"codec (floor 0) does no I/O and knows no time: no net, os, time, syscall or log", func(f file, what string, ours bool) bool {
		if !within(f.dir, "codec") || f.test() || what == "net/netip" { // netip: addresses as plain values
			return false
		}
		return within(what, "net", "os", "time", "syscall", "io/ioutil", "log", "golang.org/x/sys", "golang.org/x/net")
	}},
	{"codec (floor 0) rests on gobwas/ws and klauspost/compress/flate alone", func(f file, what string, ours bool) bool {
		return within(f.dir, "codec") && !f.test() && !ours && party(what) != "" &&
			!within(what, "github.com/gobwas", "github.com/klauspost/compress")
	}},
	{"codec (floor 0) imports nothing from the floors above", func(f file, what string, ours bool) bool {
		return ours && within(f.dir, "codec") && !f.test() && !within(what, "codec")
	}},
	{"engine (floor 1) never imports a protocol, nor anything above it", func(f file, what string, ours bool) bool {
		if !ours || f.test() || floor(f.dir) != 1 {
			return false
		}
		itself := within(f.dir, "engine/enginetest") && within(what, "engine/enginetest")
		return what != "engine" && !within(what, "engine/internal") && !itself
	}},
	{"a package of floor 2 stands on engine and codec alone, not on its neighbours", func(f file, what string, ours bool) bool {
		if !ours || f.test() || floor(f.dir) != 2 {
			return false
		}
		return what != "engine" && !within(what, "engine/internal", "codec", room(f.dir))
	}},
	{"engine/topic knows no wire format", func(f file, what string, ours bool) bool {
		return ours && within(f.dir, "engine/topic") && !f.test() && within(what, "codec")
	}},
	{"an adapter (floor 3) stands on the floors below, not on another adapter", func(f file, what string, ours bool) bool {
		return ours && within(f.dir, "adapters") && within(what, "adapters") && !within(what, room(f.dir))
	}},
	{"bench is imported by cmd and by nobody else", func(f file, what string, ours bool) bool {
		return ours && within(what, "bench") && !within(f.dir, "bench", "cmd")
	}},
	{"cmd (floor 4) is imported by nobody", func(f file, what string, ours bool) bool {
		return ours && within(what, "cmd") && !within(f.dir, "cmd")
	}},
	{"engine/enginetest and engine/internal/floors are for tests", func(f file, what string, ours bool) bool {
		return ours && !f.test() && within(what, "engine/enginetest", "engine/internal/floors") && !within(f.dir, "engine/enginetest")
	}},
	{"the Prometheus client is imported by adapters/prometheus alone", func(f file, what string, ours bool) bool {
		return within(what, "github.com/prometheus/client_golang") && !within(f.dir, "adapters/prometheus")
	}},
	{"the NATS client is imported by adapters/nats alone", func(f file, what string, ours bool) bool {
		return within(what, "github.com/nats-io") && !within(f.dir, "adapters/nats")
	}},
}

// broken returns the text of the first rule that forbids f to import imp, or "".
func broken(f file, imp string) string {
	what, ours := strings.CutPrefix(imp, module+"/")
	for _, r := range rules {
		if r.bars(f, what, ours) {
			return r.text
		}
	}
	return ""
}

// Floors that are no number.
const (
	beside  = -1 // bench, and internal with the module's own checks
	nowhere = -2
)

// floor tells on which floor of DESIGN.md a package of ours lives.
func floor(dir string) int {
	switch {
	case within(dir, "codec"):
		return 0
	case within(dir, "bench", "engine/internal/floors"):
		return beside
	case dir == "engine", within(dir, "engine/internal", "engine/enginetest"):
		return 1
	case within(dir, "engine"):
		return 2
	case within(dir, "adapters"):
		return 3
	case within(dir, "cmd"):
		return 4
	}
	return nowhere
}

// room is the part of a floor that a package belongs to: engine/websocket for
// engine/websocket/internal/frame. A room may import itself.
func room(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	return path.Join(parts[:min(len(parts), 2)]...)
}

// party is who publishes an imported package, github.com/prometheus for each of their
// modules; "" for the standard library and golang.org/x, which is no third party.
func party(imp string) string {
	host, rest, _ := strings.Cut(imp, "/")
	if !strings.Contains(host, ".") || host == "golang.org" {
		return ""
	}
	owner, _, _ := strings.Cut(rest, "/")
	return host + "/" + owner
}

// within reports whether p is one of the roots or a package below one.
func within(p string, roots ...string) bool {
	for _, root := range roots {
		if p == root || strings.HasPrefix(p, root+"/") {
			return true
		}
	}
	return false
}

func TestRules(t *testing.T) {
	const gnet = "github.com/panjf2000/gnet/v2"
	tests := []struct {
		file string
		imp  string
		want string // a piece of the broken rule's text; "" is allowed
	}{
		{"codec/line.go", "bytes", ""},
		{"codec/line.go", "net", "no I/O"},
		{"codec/line.go", "network", ""},
		{"codec/line.go", "os/exec", "no I/O"},
		{"codec/line.go", "time", "no I/O"},
		{"codec/line.go", "syscall", "no I/O"},
		{"codec/line.go", "golang.org/x/sys/unix", "no I/O"},
		{"codec/line_test.go", "net/http", ""},
		{"codec/proxyproto/v2.go", "net/netip", ""},
		{"codec/proxyproto/v2.go", "net/http", "no I/O"},
		{"codec/wsproto/frame.go", "github.com/gobwas/ws", ""},
		{"codec/wsproto/frame.go", module + "/codec", ""},
		{"codec/wsproto/frame.go", module + "/codecs", "nothing from the floors above"},
		{"codec/wsproto/frame.go", module + "/engine", "nothing from the floors above"},
		{"codec/wsproto/frame.go", module + "/engine/websocket", "nothing from the floors above"},
		{"codec/wsproto/frame.go", "github.com/gorilla/websocket", "rests on gobwas/ws"},
		{"codec/wsproto/frame_test.go", "github.com/gorilla/websocket", ""},
		{"codec/wsproto/frame.go", gnet, "gnet is imported by"},

		{"engine/gnet.go", gnet, ""},
		{"engine/gnet_linux.go", gnet + "/pkg/logging", ""},
		{"engine/gnet_test.go", gnet, ""},
		{"engine/conn.go", gnet, "gnet is imported by"},
		{"engine/conn_test.go", gnet, "gnet is imported by"},
		{"engine/internal/poll/gnet.go", gnet, "gnet is imported by"},
		{"engine/websocket/gnet.go", gnet, "gnet is imported by"},
		{"bench/gnet.go", gnet, "gnet is imported by"},
		{"engine/conn.go", "net", ""},
		{"engine/conn.go", module + "/engine/internal/buffer", ""},
		{"engine/conn.go", module + "/codec", "never imports a protocol"},
		{"engine/conn.go", module + "/codec/wsproto", "never imports a protocol"},
		{"engine/conn.go", module + "/engine/websocket", "never imports a protocol"},
		{"engine/conn.go", module + "/engine/enginetest", "never imports a protocol"},
		{"engine/conn.go", module + "/adapters/nats", "never imports a protocol"},
		{"engine/internal/buffer/ring.go", module + "/codec", "never imports a protocol"},
		{"engine/conn_test.go", module + "/engine/enginetest", ""},
		{"engine/enginetest/loop.go", module + "/engine", ""},
		{"engine/enginetest/loop.go", module + "/engine/enginetest/internal/clock", ""},
		{"engine/enginetest/loop.go", module + "/engine/stream", "never imports a protocol"},

		{"engine/websocket/conn.go", module + "/engine", ""},
		{"engine/websocket/conn.go", module + "/engine/internal/buffer", ""},
		{"engine/websocket/conn.go", module + "/engine/websocket/internal/flate", ""},
		{"engine/websocket/internal/flate/flate.go", module + "/engine/websocket", ""},
		{"engine/websocket/conn.go", module + "/codec/wsproto", ""},
		{"engine/websocket/conn.go", module + "/engine/stream", "not on its neighbours"},
		{"engine/websocket/conn.go", module + "/adapters/jwt", "not on its neighbours"},
		{"engine/websocket/conn.go", module + "/engine/enginetest", "not on its neighbours"},
		{"engine/websocket/conn_test.go", module + "/engine/enginetest", ""},
		{"engine/topic/hub.go", module + "/engine", ""},
		{"engine/topic/hub.go", module + "/codec", "knows no wire format"},

		{"adapters/nats/node.go", module + "/engine/topic", ""},
		{"adapters/nats/node.go", "github.com/nats-io/nats.go", ""},
		{"adapters/nats/node.go", module + "/adapters/jwt", "not on another adapter"},
		{"adapters/fasthttp/websocket/upgrader.go", module + "/adapters/fasthttp", ""},
		{"adapters/jwt/jwt.go", "github.com/nats-io/nats.go", "the NATS client"},
		{"adapters/prometheus/metrics.go", "github.com/prometheus/client_golang/prometheus", ""},
		{"cmd/sockeye/serve.go", "github.com/prometheus/client_golang/prometheus", "the Prometheus client"},

		{"bench/run.go", module + "/codec/wsproto", ""},
		{"bench/run.go", module + "/adapters/nats", ""},
		{"bench/run.go", module + "/bench/load", ""},
		{"bench/run.go", module + "/cmd/sockeye", "imported by nobody"},
		{"cmd/sockeye/bench.go", module + "/bench", ""},
		{"cmd/sockeye/bench.go", module + "/cmd/sockeye/internal/config", ""},
		{"engine/conn_test.go", module + "/bench/load", "by cmd and by nobody else"},
		{"adapters/nats/node.go", module + "/bench", "by cmd and by nobody else"},
		{"adapters/nats/node_test.go", module + "/cmd/sockeye", "imported by nobody"},
		{"cmd/sockeye/serve.go", module + "/engine/enginetest", "are for tests"},
		{"bench/run.go", module + "/engine/internal/floors", "are for tests"},
		{"bench/run_test.go", module + "/engine/internal/floors", ""},
	}
	for _, tt := range tests {
		dir, name := path.Split(tt.file)
		got := broken(file{path.Clean(dir), name}, tt.imp)
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s importing %s: got rule %q, want one with %q", tt.file, tt.imp, got, tt.want)
		}
	}
}

func TestFloor(t *testing.T) {
	for dir, want := range map[string]int{
		"codec": 0, "codec/wsproto": 0,
		"engine": 1, "engine/internal/buffer": 1, "engine/enginetest": 1,
		"engine/websocket": 2, "engine/topic/internal/index": 2,
		"adapters/nats": 3, "cmd/sockeye": 4,
		"bench": beside, "bench/load": beside, "engine/internal/floors": beside,
		".": nowhere, "util": nowhere, "codecs": nowhere, "pkg/codec": nowhere,
	} {
		if got := floor(dir); got != want {
			t.Errorf("floor(%q) = %d, want %d", dir, got, want)
		}
	}
}

func TestParty(t *testing.T) {
	for imp, want := range map[string]string{
		"net/http":              "",
		"golang.org/x/sys/unix": "",
		"github.com/prometheus/client_golang/prometheus": "github.com/prometheus",
		"go.uber.org/zap/zapcore":                        "go.uber.org/zap",
		"gopkg.in/yaml.v3":                               "gopkg.in/yaml.v3",
	} {
		if got := party(imp); got != want {
			t.Errorf("party(%q) = %q, want %q", imp, got, want)
		}
	}
}
