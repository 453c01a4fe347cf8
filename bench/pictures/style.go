package pictures

import (
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	xfont "golang.org/x/image/font"

	"github.com/sockeye-io/sockeye/bench/report"
)

var (
	paper = color.RGBA{255, 255, 255, 255}
	edge  = color.RGBA{208, 215, 222, 255}
	ink   = color.RGBA{31, 35, 40, 255}
	soft  = color.RGBA{89, 99, 110, 255}
	faint = color.RGBA{232, 235, 239, 255}
)

// colorOf is the colour of a server, the same as in every report.
func colorOf(server string) color.RGBA {
	n, err := strconv.ParseUint(report.Color(server)[1:], 16, 32)
	if err != nil {
		panic("pictures: the palette has " + report.Color(server))
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}
}

// letters are how a text looks.
func letters(size vg.Length, bold bool, c color.Color) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: c, Font: f, Handler: plot.DefaultTextHandler, YAlign: text.YBottom}
}

// write writes s with its left end, on the base line, at x and y.
func write(c draw.Canvas, sty text.Style, x, y vg.Length, s string) {
	c.FillText(sty, vg.Point{X: x, Y: y - sty.FontExtents().Descent}, s)
}

// beside writes s with the middle of its small letters at y; it begins at x, or ends there.
func beside(c draw.Canvas, sty text.Style, x, y vg.Length, align text.XAlignment, s string) {
	sty.XAlign = align
	c.FillText(sty, vg.Point{X: x, Y: y - sty.FontExtents().Descent - 0.26*sty.Font.Size}, s)
}

// ours is whether a server is the one that the pictures are about.
func ours(server string) bool { return server == "sockeye" }
