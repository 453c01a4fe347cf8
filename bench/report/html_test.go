package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

// full is testdata/full.json.
func full(t *testing.T) *result.File {
	t.Helper()
	r, err := os.Open("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f, err := result.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func page(t *testing.T, f *result.File) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hostile is a file whose every text would like to be more than text.
func hostile(t *testing.T) *result.File {
	t.Helper()
	const evil = `</script></style><script>document.title="owned"</script><img src=x onerror=alert(1)>"'&--><!--` + "\u2028\xff"
	f := full(t)
	f.Command = []string{evil}
	f.Machine.CPU, f.Machine.Kernel, f.Machine.Clocksource, f.Machine.LocalPorts = evil, evil, evil, evil
	f.Software.Commit, f.Software.Version, f.Software.Go = evil, evil, evil
	rename := map[string]string{}
	for i := range f.Servers {
		s := &f.Servers[i]
		name := s.Name
		if i > 1 {
			name += evil
		}
		rename[s.Name] = name
		*s = result.Server{Name: name, About: evil, Language: evil, Version: evil, Command: []string{evil}}
	}
	for i := range f.Cells {
		c := &f.Cells[i]
		c.Server = rename[c.Server]
		c.Title += evil
		c.Metrics[evil] = result.Series{1, 2}
		for k := range c.Doubts {
			c.Doubts[k].Reason = evil
		}
		if c.Scenario == "mixed" {
			c.Scenario = evil
		}
	}
	f.Skipped = []result.Skipped{{Server: evil, Cell: evil, Reason: evil}}
	return f
}

// wellFormed fails unless each element is ended where it must be, and counts the elements.
func wellFormed(t *testing.T, doc string) map[string]int {
	t.Helper()
	count := map[string]int{}
	ids := map[string]bool{}
	var open []string
	z := html.NewTokenizer(strings.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) || len(open) > 0 {
				t.Fatalf("%v with %q open", z.Err(), open)
			}
			return count
		case html.StartTagToken:
			token := z.Token()
			count[token.Data]++
			for _, a := range token.Attr {
				switch {
				case a.Key == "id" && ids[a.Val]:
					t.Errorf("two elements have the id %q", a.Val)
				case a.Key == "id":
					ids[a.Val] = true
				case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
					t.Errorf("attribute %s in <%s>: the policy forbids it", a.Key, token.Data)
				}
			}
			if !strings.Contains(" meta link br ", " "+token.Data+" ") {
				open = append(open, token.Data)
			}
		case html.EndTagToken:
			token := z.Token()
			if len(open) == 0 || open[len(open)-1] != token.Data {
				t.Fatalf("</%s> in %q", token.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	doc := page(t, full(t))
	count := wellFormed(t, doc)
	want := map[string]int{"html": 1, "head": 1, "style": 1, "script": 3, "h1": 1, "main": 1, "img": 0, "iframe": 0}
	for tag, n := range want {
		if count[tag] != n {
			t.Errorf("%d of <%s>, want %d", count[tag], tag, n)
		}
	}
	if n := strconv.Itoa(count["figure"]); !strings.Contains(doc, `data-plots="`+n+`"`) {
		t.Errorf("the page does not say that it has %s plots", n)
	}
	for _, what := range []string{
		`<html lang="en">`, "default-src 'none'", "846821c", "AMD EPYC 7B13", "Permission is hereby granted",
		"23 November 2026, 04:05 UTC", "needs the source tree", "the load generator was busy 97 % of the time",
	} {
		if !strings.Contains(html.UnescapeString(doc), what) {
			t.Errorf("%q is missing", what)
		}
	}
	if strings.Contains(doc, "Interrupted.") {
		t.Error("says interrupted")
	}
	const limit = 500_000
	if len(doc) > limit {
		t.Errorf("%d bytes, want at most %d", len(doc), limit)
	}
}

// TestHTMLRequests looks for all that could make a browser ask for something.
func TestHTMLRequests(t *testing.T) {
	t.Parallel()
	for _, m := range regexp.MustCompile(`(?i)\b(src|href|action|srcset|poster|ping)="([^"]*)"`).FindAllStringSubmatch(page(t, full(t)), -1) {
		if !strings.HasPrefix(m[2], "#") && !strings.HasPrefix(m[2], "data:image/svg+xml,") {
			t.Errorf("%s", m[0])
		}
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	doc := page(t, hostile(t))
	count := wellFormed(t, doc)
	if count["script"] != 3 || count["style"] != 1 || count["img"] != 0 {
		t.Errorf("%d scripts, %d styles, %d images; want 3, 1, 0", count["script"], count["style"], count["img"])
	}
}

// TestHTMLData takes the file out of the page again.
func TestHTMLData(t *testing.T) {
	t.Parallel()
	want := full(t)
	_, rest, _ := strings.Cut(page(t, want), `id="data">`)
	text, _, _ := strings.Cut(rest, "</script>")
	var got struct {
		Result *result.File
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Result); diff != "" {
		t.Error(diff)
	}
}

// poor are files with next to nothing in them.
func poor() map[string]*result.File {
	one := &result.File{Schema: result.Schema, Servers: []result.Server{{Name: "a"}}, Interrupted: true}
	two := &result.File{
		Schema: result.Schema, Servers: []result.Server{{Name: "a"}, {Name: "b"}}, Method: result.Method{Base: "b"},
		Cells: []result.Cell{
			{Scenario: "echo", Title: "x", Server: "a", Metrics: map[string]result.Series{"cpu_us_per_message": {0}, "lost": {0}}},
			{Scenario: "echo", Title: "x", Server: "b", Metrics: map[string]result.Series{"cpu_us_per_message": {0, 1}, "lost": {0}}},
			{Scenario: "new", Title: "y", Server: "b", Metrics: map[string]result.Series{"messages_per_second": {7}, "unheard_of": {1}}},
			{Scenario: "idle", Title: "z", Server: "a"},
		},
	}
	return map[string]*result.File{"one": one, "two": two}
}

func TestHTMLPoor(t *testing.T) {
	t.Parallel()
	for name, f := range poor() {
		t.Run(name, func(t *testing.T) {
			doc := page(t, f)
			wellFormed(t, doc)
			if strings.Contains(doc, "Interrupted.") != f.Interrupted || strings.Contains(doc, "NaN") || strings.Contains(doc, "Inf ") {
				t.Error("interrupted is not told, or a figure is none")
			}
		})
	}
	f := poor()["two"]
	f.Cells[0].Metrics["lost"][0] = math.NaN()
	if err := report.HTML(io.Discard, f); err == nil {
		t.Error("took what JSON cannot hold")
	}
	if err := report.HTML(fullDisk{}, full(t)); !errors.Is(err, errFull) {
		t.Errorf("error %v of a writer that is full", err)
	}
}

var errFull = errors.New("full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
