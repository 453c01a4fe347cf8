package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// uPlot draws the lines; assets/README.md says where it is from.
const uplotVersion = "1.6.32"

var (
	//go:embed assets/uplot/uPlot.iife.min.js
	uplotScript string
	//go:embed assets/uplot/uPlot.min.css
	uplotStyle string
	//go:embed assets/uplot/LICENSE
	uplotLicence string

	//go:embed html/page.css
	pageStyle string
	//go:embed html/page.js
	pageScript string
)

// HTML writes f as one page that needs nothing else: no network, no other file. What it says, it says without a script
// too, but for the plots. Everything that comes from f is text there, whatever is in it. The whole of f is in the page,
// to be taken out again.
//
// f is only read. An error is one of w, or a figure that JSON cannot hold.
func HTML(w io.Writer, f *result.File) error {
	doc, err := newPage(f)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	b := bufio.NewWriter(w)
	_, _ = b.WriteString("<!DOCTYPE html>\n")
	doc.write(b)
	if err := b.Flush(); err != nil { // the first error of all that was written
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// blob is what the script of the page reads.
type blob struct {
	Servers []blobServer `json:"servers"`
	Base    string       `json:"base"`
	Subject string       `json:"subject"`
	Plots   []plot       `json:"plots"`
	Result  *result.File `json:"result"`
}

type blobServer struct {
	Name  string `json:"name"`
	Color string `json:"color"`
}

func newPage(f *result.File) (*node, error) {
	drawn := plots(f)
	data := blob{Base: f.Method.Base, Subject: subject(f), Plots: drawn, Result: f}
	style := uplotStyle + "\n" + pageStyle
	for i, s := range f.Servers {
		color := Color(s.Name)
		data.Servers = append(data.Servers, blobServer{s.Name, color})
		style += "." + serverClass(i) + " { --server: " + color + "; }\n"
	}
	text, err := json.Marshal(data) // which escapes <, > and &: no </script> can be in it
	if err != nil {
		return nil, err
	}
	title := headline(f)
	uplot := "/* uPlot " + uplotVersion + "\n" + uplotLicence + "*/\n" + uplotScript
	return el("html", attr{"lang", "en"},
		el("head",
			el("meta", attr{"charset", "utf-8"}),
			el("meta", attr{"http-equiv", "Content-Security-Policy"}, attr{"content", policy(style, uplot, pageScript)}),
			el("meta", attr{"name", "viewport"}, attr{"content", "width=device-width, initial-scale=1"}),
			el("meta", attr{"name", "color-scheme"}, attr{"content", "light dark"}),
			el("meta", attr{"name", "referrer"}, attr{"content", "no-referrer"}),
			el("link", attr{"rel", "icon"}, attr{"href", icon}),
			el("title", title+" · Sockeye benchmark"),
			el("style", verbatim(style)),
		),
		el("body",
			header(f, title),
			el("main", attr{"data-plots", strconv.Itoa(len(drawn))},
				verdictSection(f), plotSection(f, drawn), tableSection(f), aboutSection(f), rawSection(f)),
			el("script", attr{"type", "application/json"}, attr{"id", "data"}, verbatim(text)),
			el("script", verbatim(uplot)),
			el("script", verbatim(pageScript)),
		),
	), nil
}

// icon saves the browser the search for one.
const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
	"%3Cpath d='M1 8q6-7 11 0l3-3v6l-3-3q-5 7-11 0z' fill='%23e8432e'/%3E%3C/svg%3E"

// policy lets the page's own style and scripts in and nothing else, wherever it may come from.
func policy(style string, scripts ...string) string {
	var hashes []string
	for _, s := range scripts {
		hashes = append(hashes, hash(s))
	}
	return "default-src 'none'; img-src data:; style-src " + hash(style) + "; script-src " + strings.Join(hashes, " ") +
		"; base-uri 'none'; form-action 'none'"
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func serverClass(i int) string { return "s" + strconv.Itoa(i) }

// classOf is the class that carries a server's colour.
func classOf(f *result.File, server string) string {
	for i, s := range f.Servers {
		if s.Name == server {
			return serverClass(i)
		}
	}
	return ""
}
