package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// aboutSection is all that is needed to judge the run, and to do it again.
func aboutSection(f *result.File) *node {
	s := el("section", attr{"id", "about"}, el("h2", "How it was measured"))
	s.add(el("div", class("facts"),
		facts("Run", runFacts(f)), facts("Machine", machineFacts(f.Machine)), facts("Limits", limitFacts(f.Machine))))
	s.add(el("h3", "Servers"), serverTable(f), el("h3", "Parameters"), parameterTable(f))
	if len(f.Skipped) > 0 {
		list := el("ul")
		for _, k := range f.Skipped {
			what := "everything"
			if k.Cell != "" {
				what = k.Cell
			}
			list.add(el("li", el("strong", k.Server), ", "+what+": "+k.Reason))
		}
		s.add(el("h3", "Skipped"), list)
	}
	return s
}

type fact struct{ name, value string }

// facts leaves out what is not known.
func facts(title string, all []fact) *node {
	list := el("dl")
	for _, x := range all {
		if x.value != "" {
			list.add(el("div", el("dt", x.name), el("dd", x.value)))
		}
	}
	return el("div", el("h3", title), list)
}

func runFacts(f *result.File) []fact {
	m := f.Method
	commit := f.Software.Commit
	if f.Software.Modified {
		commit += ", with changes"
	}
	pinned := "no"
	if m.Pinned {
		pinned = "server on " + m.ServerCPUs + ", load on " + m.LoadCPUs
	}
	return []fact{
		{"command", "sockeye " + strings.Join(f.Command, " ")},
		{"begun", day(f.Started)},
		{"took", f.Elapsed.Round(time.Second).String()},
		{"sockeye", f.Software.Version},
		{"commit", commit},
		{"Go", f.Software.Go},
		{"rounds", fmt.Sprint(m.Repetitions)},
		{"base of ratios", m.Base},
		{"window", length(m.Window)},
		{"pinned", pinned},
		{"schema", fmt.Sprint(f.Schema)},
	}
}

func machineFacts(m result.Machine) []fact {
	virtual := "no"
	if m.Hypervisor {
		virtual = "yes: the processors are virtual"
	}
	return []fact{
		{"processor", m.CPU},
		{"processors", fmt.Sprint(m.Processors)},
		{"hypervisor", virtual},
		{"memory", number(float64(m.MemoryBytes)/1e9, 1) + " GB"},
		{"system", m.OS + " " + m.Kernel},
		{"clock", m.Clocksource},
		{"load average", fmt.Sprintf("%.2f before, %.2f after", m.LoadBefore, m.LoadAfter)},
		{"taken by other guests", number(100*m.StealShare, 1) + " % of the time"},
		{"busy with something else", number(m.ForeignCPU, 2) + " processors"},
	}
}

func limitFacts(m result.Machine) []fact {
	return []fact{
		{"descriptors of a process", number(float64(m.DescriptorLimit), 0)},
		{"somaxconn", number(float64(m.Somaxconn), 0)},
		{"local ports", strings.Replace(m.LocalPorts, " ", " to ", 1)},
	}
}

func serverTable(f *result.File) *node {
	body := el("tbody")
	for i, s := range f.Servers {
		body.add(el("tr",
			el("th", attr{"scope", "row"}, el("span", class("server "+serverClass(i)), s.Name)),
			el("td", s.About), el("td", s.Language), el("td", s.Version), el("td", el("code", strings.Join(s.Command, " ")))))
	}
	return scroll("Servers", el("table", columns("Server", "About", "Language", "Version", "Command"), body))
}

func parameterTable(f *result.File) *node {
	body := el("tbody")
	for _, g := range f.Groups() {
		p := g.Cells[0].Params
		row := el("tr", el("th", attr{"scope", "row"}, shapeOf(g.Scenario).title, el("small", g.Title)))
		for _, x := range []string{
			p.Protocol, count(float64(p.Connections)), count(float64(p.PayloadBytes)), count(float64(p.Depth)), count(p.Rate),
			count(float64(p.Mute)), count(float64(p.Concurrency)), count(p.ChurnRate), length(p.Duration), length(p.Warmup),
		} {
			row.add(el("td", class("n"), x))
		}
		body.add(row)
	}
	return scroll("Parameters", el("table", columns("Scenario", "Protocol", "Connections", "Message, B", "In flight",
		"Messages/s", "Mute", "Connects at once", "Replaced/s", "Round", "Warm-up"), body))
}

func columns(names ...string) *node {
	row := el("tr")
	for i, name := range names {
		th := el("th", attr{"scope", "col"}, name)
		if i > 0 && names[0] == "Scenario" {
			th.attrs = append(th.attrs, class("n"))
		}
		row.add(th)
	}
	return el("thead", row)
}

func scroll(what string, table *node) *node {
	return el("div", class("scroll"), attr{"tabindex", "0"}, attr{"role", "region"}, attr{"aria-label", what}, table)
}

// count is empty for what does not apply.
func count(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v, 0)
}

func length(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func rawSection(f *result.File) *node {
	name := "sockeye-bench-" + f.Started.UTC().Format("2006-01-02-1504") + ".json"
	return el("section", attr{"id", "raw"}, el("h2", "Raw data"),
		el("p", "Everything above is made of one file, which is in this page: ",
			el("a", attr{"id", "download"}, attr{"download", name}, name),
			". The same page comes from ", el("code", "sockeye bench report"), "."),
		el("p", class("quiet"), "The plots are drawn by uPlot "+uplotVersion+", © 2022 Leon Sorokin, under the MIT licence, "+
			"whose text is in the source of this page."))
}
