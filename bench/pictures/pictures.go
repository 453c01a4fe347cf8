// Package pictures draws the pictures of the README from a result.File, as SVG that looks the same on a white and on a
// dark page. It is not linked into sockeye: its fonts are some megabytes.
package pictures

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/sockeye-io/sockeye/bench/result"
)

// pictures are all that there are. Each is empty when f has nothing to draw.
var pictures = []struct {
	name string
	draw func(f *result.File) []byte
}{
	{"memory.svg", memory},
	{"echo.svg", echo},
	{"latency.svg", latency},
	{"broadcast.svg", broadcast},
}

// Write draws what f has the figures for into dir, which it makes, and answers the names of the files.
func Write(dir string, f *result.File) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	for _, p := range pictures {
		svg := p.draw(f)
		if len(svg) == 0 {
			continue
		}
		name := filepath.Join(dir, p.name)
		if err := os.WriteFile(name, svg, 0o644); err != nil {
			return names, fmt.Errorf("pictures: %w", err)
		}
		names = append(names, name)
	}
	return names, nil
}
