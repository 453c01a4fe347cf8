package pictures

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line is one server in a plot. Its name stands at its right end.
type line struct {
	server, label string
	x, y          []float64
	dots          bool
}

// chart draws lines over two logarithmic axes.
type chart struct {
	lines          []line
	xTicks, yTicks []plot.Tick
}

// draw draws the chart, and leaves room for the labels at the right.
func (ch chart) draw(c draw.Canvas) {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(ch.xTicks), plot.ConstantTicks(ch.yTicks)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Width = 0
		a.Tick.Length = 0
		a.Tick.LineStyle.Width = 0
		a.Padding = 6
		align := a.Tick.Label
		a.Tick.Label = letters(12, false, soft)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
	}
	p.X.Min, p.X.Max = ends(ch.xTicks, ch.lines, func(l line) []float64 { return l.x })
	p.Y.Min, p.Y.Max = ends(ch.yTicks, ch.lines, func(l line) []float64 { return l.y })
	p.Add(ch)
	labels := vg.Length(0)
	for _, l := range ch.lines {
		labels = max(labels, letters(13, true, ink).Width(l.label))
	}
	p.Draw(draw.Crop(c, 0, -labels-16, 0, 0))
}

// ends are the least and the most of ticks and lines.
func ends(ticks []plot.Tick, lines []line, of func(line) []float64) (least, most float64) {
	var all []float64
	for _, t := range ticks {
		all = append(all, t.Value)
	}
	for _, l := range lines {
		all = append(all, of(l)...)
	}
	return slices.Min(all), slices.Max(all)
}

// Plot implements plot.Plotter.
func (ch chart) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, t := range ch.yTicks {
		c.StrokeLine2(draw.LineStyle{Color: faint, Width: 1}, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
	for _, t := range ch.xTicks {
		c.StrokeLine2(draw.LineStyle{Color: faint, Width: 1}, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
	}
	lines := slices.Clone(ch.lines)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(weight(a), weight(b)) }) // ours above the others
	for _, l := range lines {
		points := make([]vg.Point, len(l.x))
		for i := range l.x {
			points[i] = vg.Point{X: x(l.x[i]), Y: y(l.y[i])}
		}
		c.StrokeLines(draw.LineStyle{Color: colorOf(l.server), Width: weight(l)}, points)
		for _, pt := range points {
			if l.dots {
				dot(c, pt, weight(l)+0.8, colorOf(l.server))
			}
		}
	}
	ch.name(c, func(l line) vg.Length { return y(l.y[len(l.y)-1]) }, func(l line) vg.Length { return x(l.x[len(l.x)-1]) })
}

func dot(c draw.Canvas, at vg.Point, radius vg.Length, fill color.Color) {
	var p vg.Path
	p.Move(vg.Point{X: at.X + radius, Y: at.Y})
	p.Arc(at, radius, 0, 2*math.Pi)
	p.Close()
	c.SetColor(fill)
	c.Fill(p)
}

func weight(l line) vg.Length {
	if ours(l.server) {
		return 3.2
	}
	return 1.8
}

// name writes the labels beside the ends of the lines, moved apart where they would touch.
func (ch chart) name(c draw.Canvas, y, x func(line) vg.Length) {
	lines := slices.Clone(ch.lines)
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(y(a), y(b)) })
	at := make([]vg.Length, len(lines))
	for i, l := range lines {
		at[i] = y(l)
	}
	apart(at, 16, c.Min.Y+4, c.Max.Y)
	for i, l := range lines {
		left := c.Max.X + 14
		c.StrokeLine2(draw.LineStyle{Color: colorOf(l.server), Width: 0.8}, x(l)+weight(l)+1, y(l), left-3, at[i])
		beside(c, letters(13, ours(l.server), colorOf(l.server)), left, at[i], text.XLeft, l.label)
	}
}

// apart moves what is sorted apart, to at least gap from one to the next, by as little as it can, between least and
// most: those that touch become a block around their middle, and blocks that touch become one.
func apart(at []vg.Length, gap, least, most vg.Length) {
	type block struct {
		sum vg.Length // of the places its members would have as the first
		n   int
	}
	start := func(b block) vg.Length {
		return max(least, min(b.sum/vg.Length(b.n), most-gap*vg.Length(b.n-1)))
	}
	var blocks []block
	for _, y := range at {
		b := block{y, 1}
		for len(blocks) > 0 {
			prev := blocks[len(blocks)-1]
			if start(prev)+gap*vg.Length(prev.n) <= start(b) {
				break
			}
			b = block{prev.sum + b.sum - gap*vg.Length(prev.n*b.n), prev.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for k := range b.n {
			at[i] = start(b) + gap*vg.Length(k)
			i++
		}
	}
}
