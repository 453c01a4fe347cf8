package report_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// made is a whole result with plausible figures that nobody measured: every scenario, seven servers, five rounds, and
// each of the things that go wrong. The same seed gives the same file.
func made(seed uint64) *result.File {
	m := maker{rand.New(rand.NewPCG(seed, 5))}
	f := &result.File{
		Schema:  result.Schema,
		Started: time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC),
		Elapsed: 18*time.Minute + 42*time.Second,
		Command: []string{"bench", "run", "--out", "full.json"},
		Machine: result.Machine{
			OS: "linux", Arch: "amd64", Kernel: "6.18.5", CPU: "AMD EPYC 7B13", Processors: 2, Hypervisor: true, MemoryBytes: 8 << 30,
			Clocksource: "kvm-clock", DescriptorLimit: 20000, Somaxconn: 4096, LocalPorts: "32768 60999",
			LoadBefore: 0.21, LoadAfter: 1.74, StealShare: 0.004, ForeignCPU: 0.03,
		},
		Software: result.Software{
			Version: "0.4.0", Commit: "846821c5d1e2f3a4b5c6d7e8f90123456789abcd", Go: "go1.26.8",
		},
		Method: result.Method{
			Repetitions: 5, Base: "goroutines", Window: 2 * time.Second, Pinned: true, ServerCPUs: "0", LoadCPUs: "1",
		},
		Skipped: []result.Skipped{
			{Server: "coder", Reason: "needs the source tree"},
			{Server: "ws", Cell: "broadcast, 20 B, 1,000 connections", Reason: "did not accept 1,000 connections in 10s"},
		},
	}
	for _, p := range plausible {
		f.Servers = append(f.Servers, p.Server)
	}
	for _, add := range []func(*result.File, profile){
		m.idle, m.echo(20, 1, 1), m.echo(20, 16, 0.07), m.echo(4096, 1, 1.3), m.echo(65536, 1, 6), m.latency,
		m.broadcast, m.churn, m.slow, m.storm, m.mixed,
	} {
		for _, p := range plausible {
			add(f, p)
		}
	}
	return f
}

// profile is a server as made imagines it.
type profile struct {
	result.Server
	idle, process float64 // bytes: a connection, the process without any
	cpu           float64 // µs for an echo of 20 B
	deep          float64 // what 16 in flight make cheaper, in parts of what it does for a loop
	mallocs       float64 // for each message; negative when it cannot be known
	tail          float64 // how long the tail of the latency is
}

var plausible = []profile{
	{server("sockeye", "event loops", "Go"), 520, 14e6, 6.7, 1, 0, 1},
	{server("goroutines", "the same codec and handler, a goroutine per connection", "Go"), 6900, 13e6, 8.4, 9, 0, 2.1},
	{server("gorilla", "gorilla/websocket", "Go"), 17747, 13e6, 9, 10, 2, 2.6},
	{server("gws", "lxzan/gws", "Go"), 10965, 12e6, 8.4, 9.2, 1, 2.2},
	{server("nbio", "lesismal/nbio, non-blocking", "Go"), 1258, 15e6, 12.3, 10, 3, 1.9},
	{server("ws", "ws on Node.js", "JavaScript"), 4210, 55e6, 31, 4, -1, 3.8},
	{server("bun", "Bun.serve, which is uWebSockets inside", "C++"), 1140, 48e6, 6.07, 1.1, -1, 0.9},
}

func server(name, about, language string) result.Server {
	version := map[string]string{"gorilla": "v1.5.3", "gws": "v1.9.1", "nbio": "v1.6.7", "ws": "8.20.0 (node v22.12.0)", "bun": "1.3.4"}[name]
	if version == "" {
		version = "846821c"
	}
	return result.Server{
		Name: name, About: about, Language: language, Version: version,
		Command: []string{"/tmp/bench/" + name, "--listen", "127.0.0.1:0", "--handler", "echo"},
	}
}

type maker struct{ *rand.Rand }

// rounds is a figure measured five times, with some noise.
func (m maker) rounds(v, noise float64) result.Series {
	s := make(result.Series, 5)
	for i := range s {
		s[i] = digits(v*(1+noise*(m.Float64()+m.Float64()-1)), 5)
	}
	return s
}

// digits keeps the file readable.
func digits(v float64, n int) float64 {
	if v == 0 {
		return 0
	}
	p := math.Pow(10, float64(n)-math.Ceil(math.Log10(math.Abs(v))))
	if p > 1 {
		return math.Round(v*p) / p
	}
	return math.Round(v)
}
