package million

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// describe tells a line of the guest to a person.
func (l *Line) describe(w io.Writer) {
	switch {
	case l.Boot != nil:
		fmt.Fprintf(w, "the guest is up: Linux %s, %s\n", l.Boot.Kernel, mega(l.Boot.MemoryBytes))
	case l.Note != "":
		fmt.Fprintln(w, "  note:", l.Note)
	case l.Progress != nil:
		fmt.Fprintf(w, "%7s  %9s connections, %s free\n",
			short(l.Progress.At), thousands(l.Progress.Connections), mega(l.Progress.Available))
	case l.Stage != nil:
		s := l.Stage
		fmt.Fprintf(w, "%7s  %9s connections %s after %s: server %s, slab %s\n",
			short(s.At), thousands(s.Connections), s.Name, short(s.Took), mega(s.ServerRSS), mega(s.Slab))
	}
}

// Table shows the report.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s connections asked for, guest of %d MiB, Linux %s\n",
		r.Server.Name, r.Server.Version, thousands(r.Connections), r.MemoryMiB, r.Boot.Kernel)
	fmt.Fprintf(&b, "%s, host Linux %s, load %.1f before and %.1f after, %s\n\n",
		r.Host.CPU, r.Host.Kernel, r.Host.LoadBefore, r.Host.LoadAfter, r.Started.Format("2006-01-02 15:04 MST"))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "stage\tconnections\ttook\tserver RSS\tB/conn\tcollected\tB/conn\tslab\tB/conn\tserver CPU\techo p50\tp99\tmax\tlost\t")
	first := r.stage(Started)
	if first == nil {
		first = new(Stage)
	}
	for i := range r.Stages {
		r.Stages[i].row(t, first)
	}
	_ = t.Flush()
	b.WriteString("\n" + r.verdict() + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// row writes one stage. What a connection costs is the difference to the first stage, where there was none.
func (s *Stage) row(w io.Writer, first *Stage) {
	cells := []string{s.Name, thousands(s.Connections), short(s.Took)}
	each := func(now, before int64) {
		cells = append(cells, mega(now), "")
		if s.Connections > 0 {
			cells[len(cells)-1] = thousands(int(math.Round(float64(now-before) / float64(s.Connections))))
		}
	}
	each(s.ServerRSS, first.ServerRSS)
	if s.Collected > 0 {
		each(s.Collected, first.Collected)
	} else {
		cells = append(cells, "", "")
	}
	each(s.Slab, first.Slab)
	cells = append(cells, short(s.ServerCPU))
	if e := s.Echoes; e != nil {
		cells = append(cells, milli(e.P50), milli(e.P99), milli(e.Max), strconv.FormatInt(e.Lost, 10))
	} else {
		cells = append(cells, "", "", "", "")
	}
	fmt.Fprintln(w, strings.Join(cells, "\t")+"\t")
}

// verdict is the last line: what came of it.
func (r *Report) verdict() string {
	switch {
	case r.Whole():
		return fmt.Sprintf("held %s connections, none failed, none lost, all let go; %s in all",
			thousands(r.held()), short(r.Elapsed))
	case r.OutOfMemory():
		return fmt.Sprintf("memory ended at about %s connections: %s", thousands(r.End.Connections), r.End.Kills[len(r.End.Kills)-1])
	case r.End == nil:
		return "NOT DONE: " + r.Error + tail(r.Console)
	case r.End.Error != "":
		return fmt.Sprintf("ENDED at %s connections: %s%s", thousands(r.End.Connections), r.End.Error, tail(r.End.Kills))
	case r.End.Exit != "":
		return "the server did not end well: " + r.End.Exit
	}
	return "NOT WHOLE: connections, stages or echoes are missing"
}

func tail(lines []string) string {
	const most = 5
	if len(lines) == 0 {
		return ""
	}
	return "\n  " + strings.Join(lines[max(0, len(lines)-most):], "\n  ")
}

func mega(n int64) string { return thousands(int(math.Round(float64(n)/(1<<20)))) + " MiB" }

func milli(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func short(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// thousands writes n with commas.
func thousands(n int) string {
	text := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
