package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// headline is what was compared.
func headline(f *result.File) string {
	ours := subject(f)
	var others []string
	for _, s := range f.Servers {
		if s.Name != ours {
			others = append(others, s.Name)
		}
	}
	if len(others) == 0 {
		return ours + ", measured"
	}
	return ours + " beside " + enumerate(others)
}

// enumerate is "a, b and c".
func enumerate(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func header(f *result.File, title string) *node {
	h := el("header",
		el("p", class("eyebrow"), "Sockeye benchmark"),
		el("h1", title),
		el("p", class("where"),
			el("span", whereabouts(f.Machine)),
			el("span", el("time", attr{"datetime", f.Started.UTC().Format(time.RFC3339)}, day(f.Started))),
			el("span", "took "+f.Elapsed.Round(time.Second).String()),
			el("span", "sockeye "+join(" ", f.Software.Version, shortCommit(f), f.Software.Go)),
		),
		el("p", class("method"), inTwoSentences(f)),
	)
	for _, s := range warnings(f) { // before anything else is read
		h.add(el("p", class("banner"), attr{"role", "note"}, el("strong", s[0]), " "+s[1]))
	}
	h.add(el("nav", attr{"aria-label", "Contents"},
		el("a", attr{"href", "#verdict"}, "In short"), el("a", attr{"href", "#plots"}, "Plots"),
		el("a", attr{"href", "#figures"}, "All figures"), el("a", attr{"href", "#about"}, "How it was measured"),
		el("a", attr{"href", "#raw"}, "Raw data")))
	return h
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func whereabouts(m result.Machine) string {
	kind := "processor"
	if m.Hypervisor {
		kind = "virtual processor"
	}
	return fmt.Sprintf("%s, %s, %s %s", m.CPU, plural(m.Processors, kind), m.OS, m.Kernel)
}

func shortCommit(f *result.File) string { return f.Software.Commit[:min(7, len(f.Software.Commit))] }

func inTwoSentences(f *result.File) string {
	m := f.Method
	s := fmt.Sprintf("Every figure is the median of %s, with the least and the most beside it", plural(m.Repetitions, "round"))
	if len(f.Servers) > 1 {
		s += fmt.Sprintf("; the servers took turns within each round, and a ratio to %s is formed within a round, "+
			"between neighbours in time", m.Base)
	}
	s += ". "
	if m.Pinned {
		return s + fmt.Sprintf("Each server was a process of its own, pinned to processor %s while the load ran on %s; its CPU "+
			"time and memory are what the kernel accounts to it, seen from outside.", m.ServerCPUs, m.LoadCPUs)
	}
	return s + "Each server was a process of its own that shared the processors with the load, for they were not pinned; " +
		"its CPU time and memory are what the kernel accounts to it, seen from outside."
}

// warnings are what a reader must know before any figure, each with its reason.
func warnings(f *result.File) (all [][2]string) {
	if f.Interrupted {
		all = append(all, [2]string{"Interrupted.", "The run was ended by a signal: later rounds, or whole scenarios, are missing."})
	}
	if f.Method.Quick {
		all = append(all, [2]string{"Quick.", "Short windows and few rounds, for a first look."})
	}
	if f.Software.Modified {
		all = append(all, [2]string{"Changed source.", "The tree had changes that commit " + shortCommit(f) + " does not have."})
	}
	if m := f.Machine; m.StealShare >= 0.02 || m.ForeignCPU >= 0.1 {
		all = append(all, [2]string{"Busy machine.", "During the run " + mood(m) + "."})
	}
	return all
}
