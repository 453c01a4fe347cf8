package report

import (
	"html"
	"io"
	"strings"
)

// node is an element of the page. A page is written from a tree and not from a template: it is well-formed by
// construction, nothing gets into it without being escaped but a verbatim, and html/template would make the command
// three megabytes larger.
type node struct {
	tag   string
	attrs []attr
	kids  []any // *node, string (text), verbatim
}

type attr struct{ name, value string }

// verbatim is text that is not escaped: style sheets, scripts and JSON of ours.
type verbatim string

// el makes an element. The parts are attributes, and children in their order: elements, lists of them, and text.
func el(tag string, parts ...any) *node {
	n := &node{tag: tag}
	n.add(parts...)
	return n
}

func (n *node) add(parts ...any) {
	for _, p := range parts {
		switch p := p.(type) {
		case attr:
			n.attrs = append(n.attrs, p)
		case *node:
			if p != nil {
				n.kids = append(n.kids, p)
			}
		case []*node:
			for _, kid := range p {
				n.add(kid)
			}
		case string, verbatim:
			n.kids = append(n.kids, p)
		case nil:
		default:
			panic("report: an element cannot have this in it") // a bug of this package
		}
	}
}

func class(names string) attr { return attr{"class", names} }

// endless are the elements that have no end tag.
var endless = map[string]bool{"meta": true, "link": true, "br": true}

func (n *node) write(w io.StringWriter) {
	_, _ = w.WriteString("<" + n.tag)
	for _, a := range n.attrs {
		_, _ = w.WriteString(" " + a.name + `="` + html.EscapeString(a.value) + `"`)
	}
	_, _ = w.WriteString(">")
	if endless[n.tag] {
		return
	}
	for _, kid := range n.kids {
		switch kid := kid.(type) {
		case *node:
			kid.write(w)
		case string:
			_, _ = w.WriteString(html.EscapeString(strings.ToValidUTF8(kid, "\uFFFD")))
		case verbatim:
			_, _ = w.WriteString(string(kid))
		}
	}
	_, _ = w.WriteString("</" + n.tag + ">")
	if blocks[n.tag] {
		_, _ = w.WriteString("\n") // for who reads the source
	}
}

var blocks = map[string]bool{
	"head": true, "title": true, "style": true, "script": true, "header": true, "section": true, "figure": true,
	"h1": true, "h2": true, "h3": true, "p": true, "table": true, "tr": true, "li": true, "div": true, "dl": true,
}
