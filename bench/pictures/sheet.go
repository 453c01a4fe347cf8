package pictures

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/sockeye-io/sockeye/bench/result"
)

// A sheet is a picture 700 wide, of which a unit is a pixel: a title, what is shown, room for a plot, and footnotes.
type sheet struct {
	canvas       *canvas
	title, about string
	room         draw.Canvas // for the plot
}

// canvas remembers how wide each text is.
type canvas struct {
	*vgsvg.Canvas
	widths []vg.Length
}

// FillString implements vg.Canvas.
func (c *canvas) FillString(f font.Face, at vg.Point, s string) {
	c.widths = append(c.widths, f.Width(s))
	c.Canvas.FillString(f, at, s)
}

const (
	sheetWidth = 700
	margin     = 20
)

func newSheet(height vg.Length, title, about string, notes []string) *sheet {
	c := &canvas{Canvas: vgsvg.New(sheetWidth, height)}
	s := &sheet{canvas: c, title: title, about: about, room: draw.New(c)}
	card := rounded(vg.Rectangle{Min: vg.Point{X: 0.5, Y: 0.5}, Max: vg.Point{X: sheetWidth - 0.5, Y: height - 0.5}}, 8)
	c.SetColor(paper)
	c.Fill(card)
	c.SetColor(edge)
	c.SetLineWidth(1)
	c.Stroke(card)

	write(s.room, letters(17, true, ink), margin, height-34, title)
	write(s.room, letters(13, false, soft), margin, height-54, about)
	y := vg.Length(16)
	for i := len(notes) - 1; i >= 0; i-- {
		write(s.room, letters(11, false, soft), margin, y, notes[i])
		y += 15
	}
	s.room.Min = vg.Point{X: margin, Y: y + 8}
	s.room.Max = vg.Point{X: sheetWidth - margin, Y: height - 70}
	return s
}

// rounded is a rectangle with round corners.
func rounded(r vg.Rectangle, radius vg.Length) vg.Path {
	var p vg.Path
	quarter := func(x, y vg.Length, start float64) {
		p.Arc(vg.Point{X: x, Y: y}, radius, start, math.Pi/2)
	}
	p.Move(vg.Point{X: r.Min.X, Y: r.Max.Y - radius})
	p.Line(vg.Point{X: r.Min.X, Y: r.Min.Y + radius})
	quarter(r.Min.X+radius, r.Min.Y+radius, math.Pi)
	quarter(r.Max.X-radius, r.Min.Y+radius, 3*math.Pi/2)
	quarter(r.Max.X-radius, r.Max.Y-radius, 0)
	quarter(r.Min.X+radius, r.Max.Y-radius, math.Pi/2)
	p.Close()
	return p
}

// svg is the picture. vgsvg counts in points and names one font: here a unit is a pixel, and the font is what the
// machine of the reader has, with each text as wide as it was planned, so that no font need be embedded.
func (s *sheet) svg() []byte {
	var b bytes.Buffer
	_, _ = s.canvas.WriteTo(&b) // to memory
	w, h := s.canvas.Size()
	text := strings.NewReplacer(
		fmt.Sprintf(`width="%.5gpt" height="%.5gpt"`, w, h),
		fmt.Sprintf(`width="%.5g" height="%.5g" role="img" aria-label="%s"`, w, h, html.EscapeString(s.title+". "+s.about)),
		"font-family:Liberation Sans;", "font-family:Helvetica,Arial,Liberation Sans,sans-serif;",
		"font-variant:normal;", "",
	).Replace(b.String())
	parts := strings.Split(text, "<text ")
	for i, w := range s.canvas.widths {
		parts[i+1] = fmt.Sprintf(`<text textLength="%.1f" lengthAdjust="spacingAndGlyphs" `, w) + parts[i+1]
	}
	return []byte(strings.Join(parts, ""))
}

// source is the footnote that tells where the figures come from.
func source(f *result.File) string {
	m, s := f.Machine, f.Software
	virtual := ""
	if m.Hypervisor {
		virtual = "virtual "
	}
	commit := s.Commit[:min(7, len(s.Commit))]
	if s.Modified {
		commit += " with changes"
	}
	pinned := ""
	if f.Method.Pinned {
		pinned = " · server pinned to processor " + f.Method.ServerCPUs
	}
	return fmt.Sprintf("%s, %d %sprocessors, Linux %s%s · %s · sockeye %s · %s", m.CPU, m.Processors, virtual, m.Kernel,
		pinned, s.Go, commit, f.Started.UTC().Format("2006-01-02"))
}
