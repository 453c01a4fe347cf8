// Package result is what a benchmark measured, as it is written to a file and rendered from it. It holds numbers and
// where they come from, and no opinion: what is printed, drawn and compared is made of a File alone.
//
// Units are in the names of the fields and of the metrics. A File is plain data: share it when nobody changes it.
package result

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Schema is the version of File. It grows when a field changes its meaning or goes; a new field does not change it.
const Schema = 1

// File is one run.
type File struct {
	Schema      int           `json:"schema"`
	Started     time.Time     `json:"started"`
	Elapsed     time.Duration `json:"elapsed_ns"`
	Interrupted bool          `json:"interrupted,omitempty"` // ended by a signal: later cells or rounds are missing
	Command     []string      `json:"command"`               // as it was called, without the program's name
	Machine     Machine       `json:"machine"`
	Software    Software      `json:"software"`
	Method      Method        `json:"method"`
	Servers     []Server      `json:"servers"` // in the order they are shown
	Cells       []Cell        `json:"cells"`
	Skipped     []Skipped     `json:"skipped,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	OS              string  `json:"os"`
	Arch            string  `json:"arch"` // as Go names it
	Kernel          string  `json:"kernel"`
	CPU             string  `json:"cpu"`
	Processors      int     `json:"processors"`
	Hypervisor      bool    `json:"hypervisor"` // the processors are virtual
	MemoryBytes     int64   `json:"memory_bytes"`
	Clocksource     string  `json:"clocksource"`
	DescriptorLimit uint64  `json:"descriptor_limit"` // of a process
	Somaxconn       int     `json:"somaxconn"`
	LocalPorts      string  `json:"local_ports"` // first and last
	LoadBefore      float64 `json:"load_before"` // load average of one minute
	LoadAfter       float64 `json:"load_after"`  // our own processes are in it
	StealShare      float64 `json:"steal_share"` // of the processors' time, taken by other guests during the run; 0 to 1
	ForeignCPU      float64 `json:"foreign_cpu"` // processors that were busy with anything but this run, on average
}

// Software is what was measured.
type Software struct {
	Version  string `json:"version"` // of sockeye
	Commit   string `json:"commit"`
	Modified bool   `json:"modified"` // the tree had changes that no commit has
	Go       string `json:"go"`
}

// Method is how.
type Method struct {
	Quick       bool          `json:"quick,omitempty"`
	Repetitions int           `json:"repetitions"`
	Base        string        `json:"base"` // the server that ratios are to
	Window      time.Duration `json:"window_ns"`
	Pinned      bool          `json:"pinned"`
	ServerCPUs  string        `json:"server_cpus"` // as taskset takes them
	LoadCPUs    string        `json:"load_cpus"`
}

// Server is a contender.
type Server struct {
	Name     string   `json:"name"`     // short and stable: "sockeye", "goroutines", "gorilla"
	About    string   `json:"about"`    // one line: what is special about it
	Language string   `json:"language"` // "Go", "C++", "JavaScript"
	Version  string   `json:"version"`
	Command  []string `json:"command"`
}

// Cell is one scenario with one set of parameters on one server. Those of the same Scenario and Title stand side by side.
type Cell struct {
	Scenario string            `json:"scenario"` // idle, echo, latency, broadcast, churn, slow, storm, mixed
	Title    string            `json:"title"`    // its parameters in words: "20 B, 16 in flight, 100 connections"
	Server   string            `json:"server"`
	Params   Params            `json:"params"`
	Metrics  map[string]Series `json:"metrics"` // by the keys of Metrics; one value for each round
	// Spectrum is the latency at rising quantiles, all rounds taken together.
	Spectrum []Quantile `json:"latency_spectrum,omitempty"`
	Seconds  []Second   `json:"seconds,omitempty"` // the course of one round, the last whole one
	Growth   []Growth   `json:"growth,omitempty"`  // memory against connections, medians
	Doubts   []Doubt    `json:"doubts,omitempty"`
}

// Params are the parameters of a cell. Zero is "does not apply".
type Params struct {
	Protocol     string        `json:"protocol,omitempty"` // ws or tcp
	Connections  int           `json:"connections,omitempty"`
	PayloadBytes int           `json:"payload_bytes,omitempty"`
	Depth        int           `json:"depth,omitempty"`            // messages in flight on each connection, closed loop
	Rate         float64       `json:"rate_per_second,omitempty"`  // open loop: messages over all connections
	Mute         int           `json:"mute_connections,omitempty"` // of them never read
	Duration     time.Duration `json:"duration_ns,omitempty"`      // of a round
	Warmup       time.Duration `json:"warmup_ns,omitempty"`        // before the first round, not counted
	Concurrency  int           `json:"concurrency,omitempty"`      // connects at once
	ChurnRate    float64       `json:"churn_per_second,omitempty"` // connections closed and made again beside the messages
}

// Quantile is a point of the latency spectrum.
type Quantile struct {
	Q     float64       `json:"q"` // 0 to 1
	Value time.Duration `json:"value_ns"`
	Count int64         `json:"count"` // samples at or below Value
}

// Second is a piece of one round, as long as Load's interval.
type Second struct {
	At       time.Duration `json:"at_ns"` // its beginning, since that of the round
	Length   time.Duration `json:"length_ns"`
	Messages int64         `json:"messages"`
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	Max      time.Duration `json:"max_ns"`
}

// Growth is what a server holds with so many idle connections.
type Growth struct {
	Connections int     `json:"connections"`
	RSS         float64 `json:"rss_bytes"`
	PSS         float64 `json:"pss_bytes"`
	Kernel      float64 `json:"kernel_bytes"` // slab and socket memory of both ends, above what it was without any; 0 is unknown
}

// Doubt says why a round says less than it seems to. What needs headroom (see Metric) is not shown for a cell where
// half of the rounds or more are in doubt.
type Doubt struct {
	Round  int    `json:"round"`
	Reason string `json:"reason"`
}

// Skipped is what was asked for and not measured.
type Skipped struct {
	Server string `json:"server"`
	Cell   string `json:"cell,omitempty"` // empty is all of them
	Reason string `json:"reason"`
	// Failed is whether it went wrong on the way. Else it was known beforehand that it cannot be had here.
	Failed bool `json:"failed,omitempty"`
}

// Read reads one File and refuses what another version wrote.
func Read(r io.Reader) (*File, error) {
	var text json.RawMessage
	if err := json.NewDecoder(r).Decode(&text); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	// The schema alone first: in another one the rest may not even have the same types.
	var of struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(text, &of); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if of.Schema != Schema {
		return nil, fmt.Errorf("result: schema %d, want %d", of.Schema, Schema)
	}
	var f File
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	for i := range f.Cells {
		if f.server(f.Cells[i].Server) == nil {
			return nil, fmt.Errorf("result: cell %d is of %q, which is not among the servers", i, f.Cells[i].Server)
		}
	}
	if len(f.Servers) == 0 {
		return nil, errors.New("result: no servers")
	}
	return &f, nil
}

// Write writes f as one JSON object that a person can read.
func (f *File) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return nil
}

func (f *File) server(name string) *Server {
	for i := range f.Servers {
		if f.Servers[i].Name == name {
			return &f.Servers[i]
		}
	}
	return nil
}
