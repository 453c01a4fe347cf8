package million

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Schema is the version of Report. It grows when a field changes its meaning or goes.
const Schema = 1

// Report is one run. It holds what was measured; what is made of that is computed when it is shown.
type Report struct {
	Schema      int            `json:"schema"`
	Commit      string         `json:"commit,omitempty"` // "+" behind it: with changes that no commit has
	Started     time.Time      `json:"started"`
	Elapsed     time.Duration  `json:"elapsed_ns"` // of the guest, from its start
	Host        result.Machine `json:"host"`
	Server      result.Server  `json:"server"`
	Connections int            `json:"connections"` // asked for
	MemoryMiB   int            `json:"memory_mib"`  // of the guest
	Boot        Boot           `json:"boot"`
	Stages      []Stage        `json:"stages"`
	End         *End           `json:"end,omitempty"`   // nil when the guest was not heard to the end
	Error       string         `json:"error,omitempty"` // why not
	Notes       []string       `json:"notes,omitempty"`
	Console     []string       `json:"console,omitempty"`
}

// Whole is whether every connection was held, echoed and let go, and no sampled echo was lost.
func (r *Report) Whole() bool {
	for _, s := range r.Stages {
		if s.Echoes != nil && s.Echoes.Lost > 0 {
			return false
		}
	}
	return r.Error == "" && r.End != nil && r.End.Error == "" && r.End.Exit == "" && r.stage(Closed) != nil && r.held() == r.Connections
}

// OutOfMemory is whether the kernel ended the server because memory was used up, which is how a server may end that is
// asked for more connections than fit.
func (r *Report) OutOfMemory() bool { return r.End != nil && r.End.ServerDied && len(r.End.Kills) > 0 }

// held is the most connections that were there at once, each of them answered.
func (r *Report) held() int {
	n := 0
	for _, s := range r.Stages {
		n = max(n, s.Connections)
	}
	return n
}

func (r *Report) stage(name string) *Stage {
	for i := range r.Stages {
		if r.Stages[i].Name == name {
			return &r.Stages[i]
		}
	}
	return nil
}

// line takes a line of the console.
func (r *Report) line(text []byte) (*Line, error) {
	l, ours, err := ParseLine(text)
	switch {
	case err != nil:
		return nil, err
	case !ours:
		const most = 100
		if len(r.Console) < most {
			r.Console = append(r.Console, string(text))
		}
		return nil, nil
	case l.Note != "":
		r.Notes = append(r.Notes, l.Note)
	case l.Boot != nil:
		r.Boot = *l.Boot
	case l.Stage != nil:
		r.Stages = append(r.Stages, *l.Stage)
	case l.End != nil:
		r.End = l.End
	}
	return &l, nil
}

// Write writes r as one JSON object that a person can read.
func (r *Report) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("million: %w", err)
	}
	return nil
}

// Read reads what Write wrote and refuses another version's.
func Read(in io.Reader) (*Report, error) {
	var r Report
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return nil, fmt.Errorf("million: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("million: schema %d, want %d", r.Schema, Schema)
	}
	return &r, nil
}
