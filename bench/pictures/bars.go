package pictures

import (
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

// bar is one server: its median, the least and the most.
type bar struct {
	server              string
	median, least, most float64
}

// panel is a set of bars with one scale.
type panel struct {
	title string
	bars  []bar
	label func(float64) string
}

const (
	barPitch  = 22
	barHeight = 14
	panelHead = 26
)

// panelOf has the servers of a group that have the metric.
func panelOf(g result.Group, metric string, label func(float64) string) panel {
	p := panel{title: g.Title, label: label}
	for _, c := range g.Cells {
		if s, _ := report.Shown(c, metric); len(s) > 0 {
			p.bars = append(p.bars, bar{c.Server, s.Median(), slices.Min(s), slices.Max(s)})
		}
	}
	return p
}

// panels are those of a scenario, at most n.
func panels(f *result.File, scenario, metric string, n int) []panel {
	var all []panel
	for _, g := range f.Groups() {
		if p := panelOf(g, metric, micros); g.Scenario == scenario && len(p.bars) > 0 && len(all) < n {
			all = append(all, p)
		}
	}
	return all
}

func (p panel) height() vg.Length { return panelHead + barPitch*vg.Length(len(p.bars)) }

// draw draws the panel into the top of c.
func (p panel) draw(c draw.Canvas) {
	write(c, letters(13, true, ink), c.Min.X, c.Max.Y-13, p.title)
	names, values, most := vg.Length(0), vg.Length(0), 0.0
	for _, b := range p.bars {
		names = max(names, letters(13, true, ink).Width(b.server))
		values = max(values, letters(13, true, ink).Width(p.label(b.median)))
		most = max(most, b.most)
	}
	left := c.Min.X + names + 10
	length := c.Max.X - values - 12 - left
	at := func(v float64) vg.Length { return left + length*vg.Length(v/most) }
	for i, b := range p.bars {
		y := c.Max.Y - panelHead - barPitch*vg.Length(i) - barPitch/2
		col, mine := colorOf(b.server), ours(b.server)
		beside(c, letters(13, mine, ink), left-8, y, text.XRight, b.server)
		fill := col
		if !mine {
			fill.R, fill.G, fill.B = pale(col.R), pale(col.G), pale(col.B)
		}
		c.SetColor(fill)
		c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: y - barHeight/2}, Max: vg.Point{X: at(b.median), Y: y + barHeight/2}}.Path())
		whisker := draw.LineStyle{Color: ink, Width: 1.2}
		c.StrokeLine2(whisker, at(b.least), y, at(b.most), y)
		for _, v := range []float64{b.least, b.most} {
			c.StrokeLine2(whisker, at(v), y-4, at(v), y+4)
		}
		beside(c, letters(13, mine, ink), at(b.most)+7, y, text.XLeft, p.label(b.median))
	}
	c.StrokeLine2(draw.LineStyle{Color: edge, Width: 1}, left, c.Max.Y-panelHead, left, c.Max.Y-p.height())
}

// pale mixes a part of a colour with white.
func pale(v uint8) uint8 { return uint8(255 - (255-int(v))*3/4) }

// barSheet draws panels in one column, or in two when there are more than one.
func barSheet(f *result.File, title, about string, all []panel) []byte {
	if len(all) == 0 {
		return nil
	}
	columns := min(2, len(all))
	height := vg.Length(0)
	var rows []vg.Length
	for i := 0; i < len(all); i += columns {
		h := vg.Length(0)
		for _, p := range all[i:min(i+columns, len(all))] {
			h = max(h, p.height())
		}
		rows = append(rows, h)
		height += h + 18
	}
	s := newSheet(height+112, title, about, []string{"Medians; the whiskers are the least and the most of the rounds.", source(f)})
	const between = 34
	width := (s.room.Max.X - s.room.Min.X - between*vg.Length(columns-1)) / vg.Length(columns)
	top := s.room.Max.Y
	for i, p := range all {
		c := s.room
		c.Min.X += (width + between) * vg.Length(i%columns)
		c.Max.X = c.Min.X + width
		c.Max.Y = top
		p.draw(c)
		if i%columns == columns-1 {
			top -= rows[i/columns] + 18
		}
	}
	return s.svg()
}

func echo(f *result.File) []byte {
	return barSheet(f, "Processor time of the server for an echo",
		"User and system time for each message, by size and by messages in flight. Lower is better.",
		panels(f, "echo", "cpu_us_per_message", 4))
}

func broadcast(f *result.File) []byte {
	return barSheet(f, "Processor time of the server for a broadcast",
		"User and system time for each message delivered to one receiver. Lower is better.",
		panels(f, "broadcast", "cpu_us_per_message", 2))
}
