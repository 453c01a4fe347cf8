package million

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

// Job is what the guest shall do. It lies in the initramfs as JobFile.
type Job struct {
	Server      []string      `json:"server"` // the command, with paths of the guest
	Env         []string      `json:"env"`    // of the server and the load
	Protocol    load.Protocol `json:"protocol"`
	Vitals      bool          `json:"vitals"` // the server runs vitals.Serve
	Connections int           `json:"connections"`
	Marks       []int         `json:"marks"`  // rising counts at which to measure; the last is Connections
	Step        int           `json:"step"`   // connections in one order to the load
	Echoes      int64         `json:"echoes"` // sampled at each mark
	Rate        float64       `json:"rate"`   // of those, per second
	Hold        time.Duration `json:"hold_ns"`
	Rest        time.Duration `json:"rest_ns"` // for how long memory has to stay the same before it is measured
}

// Where things are in the guest.
const (
	JobFile     = "/job.json"
	ServerPath  = "/bin/server"
	SockeyePath = "/bin/sockeye" // the load is in it
	guestPath   = "/bin/million"
)

// Marks is where to measure on the way to n connections: at a tenth, a quarter, a half and at n.
func Marks(n int) []int {
	var marks []int
	for _, part := range [...]int{10, 4, 2, 1} {
		if m := n / part; m > 0 && (len(marks) == 0 || m > marks[len(marks)-1]) {
			marks = append(marks, m)
		}
	}
	return marks
}

// Line is what the guest prints: one of these.
type Line struct {
	Boot     *Boot     `json:"boot,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Stage    *Stage    `json:"stage,omitempty"`
	Note     string    `json:"note,omitempty"`
	End      *End      `json:"end,omitempty"` // the last
}

// Boot is the guest itself.
type Boot struct {
	Kernel          string `json:"kernel"`
	MemoryBytes     int64  `json:"memory_bytes"`
	Processors      int    `json:"processors"`
	DescriptorLimit uint64 `json:"descriptor_limit"` // of a process
}

// Progress comes every few seconds.
type Progress struct {
	At          time.Duration `json:"at_ns"` // since the guest's first process began
	Connections int           `json:"connections"`
	Available   int64         `json:"available_bytes"` // memory of the guest
}

// Stage is a look at the guest when it has come to rest.
type Stage struct {
	Name        string        `json:"name"` // see the constants
	At          time.Duration `json:"at_ns"`
	Took        time.Duration `json:"took_ns"`                              // to get here from the stage before, without coming to rest
	Connections int           `json:"connections"`                          // that the load holds; an echo has come back on each
	Sockets     int           `json:"sockets"`                              // of TCP in the guest: two for each connection, and the listener
	ServerRSS   int64         `json:"server_rss_bytes"`                     // as it rests
	Collected   int64         `json:"server_rss_collected_bytes,omitempty"` // after a collection that was asked for
	ServerCPU   time.Duration `json:"server_cpu_ns"`                        // since its start
	LoadRSS     int64         `json:"load_rss_bytes"`
	LoadCPU     time.Duration `json:"load_cpu_ns"`
	Slab        int64         `json:"slab_bytes"` // kernel memory of both ends; socket buffers are empty at rest
	PageTables  int64         `json:"page_tables_bytes"`
	Available   int64         `json:"available_bytes"`
	Echoes      *Echoes       `json:"echoes,omitempty"`
}

// The stages, in this order; Connected is there for each mark.
const (
	Started   = "started"   // no connection yet
	Connected = "connected" // as many as the mark says
	Held      = "held"      // all of them, after Job.Hold
	Closed    = "closed"    // the server has let go of every connection
)

// Echoes is the latency of messages on some of the connections, from when each was due.
type Echoes struct {
	Messages int64         `json:"messages"`
	Lost     int64         `json:"lost"`
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	Max      time.Duration `json:"max_ns"`
}

// End is how it ended.
type End struct {
	Connections int      `json:"connections"` // the most that were held; at a failure, as of some tenths of a second before
	Failed      int64    `json:"failed"`      // connects that failed
	Lost        int64    `json:"lost"`        // connections that broke
	Error       string   `json:"error,omitempty"`
	ServerDied  bool     `json:"server_died,omitempty"`
	Exit        string   `json:"exit,omitempty"`  // how the server ended when it was asked to: empty is well
	Kills       []string `json:"kills,omitempty"` // what the kernel wrote about ending processes for want of memory
}

// tag tells our lines from the kernel's.
const tag = "@million "

// Encode writes one line, in one Write so that the kernel's own messages do not come in between.
func (l *Line) Encode(w io.Writer) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("million: %w", err)
	}
	_, err = w.Write(append(append([]byte(tag), text...), '\n'))
	return err
}

// ParseLine reads a line of the console. ok is false when it is none of ours.
func ParseLine(text []byte) (l Line, ok bool, err error) {
	_, text, ok = bytes.Cut(text, []byte(tag))
	if !ok {
		return Line{}, false, nil
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return Line{}, true, fmt.Errorf("million: line %.200q: %w", text, err)
	}
	return l, true, nil
}
