package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// heading tells where, what and how, in few lines.
func heading(f *result.File) []string {
	m, how := f.Machine, f.Method
	commit := f.Software.Commit[:min(7, len(f.Software.Commit))]
	if f.Software.Modified {
		commit += " with changes"
	}
	about := "sockeye " + join(" ", f.Software.Version, commit, f.Software.Go) + " · " +
		f.Started.UTC().Format("2006-01-02 15:04 MST") + " · took " + f.Elapsed.Round(time.Second).String()
	kind := "processors"
	if m.Hypervisor {
		kind = "virtual processors"
	}
	where := fmt.Sprintf("%s, %d %s, %s GiB, %s", m.CPU, m.Processors, kind, number(float64(m.MemoryBytes)/(1<<30), 1), system(m))
	if mood := mood(m); mood != "" {
		where += " · " + mood
	}
	return []string{about, where, method(f, how)}
}

// system is the operating system and its kernel. OS may name the distribution.
func system(m result.Machine) string {
	if strings.EqualFold(m.OS, "linux") {
		return "Linux " + m.Kernel
	}
	return join(", kernel ", m.OS, m.Kernel)
}

// mood is what else the machine was doing.
func mood(m result.Machine) string {
	var parts []string
	if m.StealShare >= 0.0005 {
		parts = append(parts, number(100*m.StealShare, 1)+" % of the time was taken by other guests")
	}
	if m.ForeignCPU >= 0.005 {
		parts = append(parts, number(m.ForeignCPU, 2)+" processors were busy with something else")
	}
	return strings.Join(parts, ", ")
}

func method(f *result.File, how result.Method) string {
	var names []string
	for _, s := range f.Servers {
		names = append(names, s.Name)
	}
	s := fmt.Sprintf("%s; %s", strings.Join(names, ", "), plural(how.Repetitions, "round"))
	if how.Window > 0 {
		s += " of " + how.Window.String()
	}
	if len(names) > 1 {
		s += ", interleaved"
	}
	switch {
	case how.Pinned:
		s += fmt.Sprintf("; server on processor %s, load on %s", how.ServerCPUs, how.LoadCPUs)
	default:
		s += "; server and load share the processors: they were not pinned"
	}
	if how.Quick {
		s += "; quick: short windows, for a first look"
	}
	return s
}

// legend says how to read the tables; cut is whether some columns had no room.
func legend(f *result.File, cut bool) string {
	s := "Medians, and in brackets the least and the most of the rounds (where there is little room, half of their " +
		"distance in percent). "
	if len(f.Servers) > 1 {
		s += fmt.Sprintf("A ratio is to %s, round by round: below 1 is less. ", f.Method.Base)
	}
	s += "Less is better, but for messages and connections per second. A dash is a figure that would mean nothing; " +
		"a blank was not measured."
	if cut {
		s += " Some columns had no room here."
	}
	return s
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// join joins what is not empty.
func join(by string, parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, by)
}
