package report

// Color is the colour of a server in every plot and picture, as "#rrggbb": the same server is the same everywhere, and
// ours is the only warm one. A server that nobody thought of is grey. All of them can be read on white, and on black.
func Color(server string) string {
	if c, ok := colors[server]; ok {
		return c
	}
	return "#8a8f98"
}

var colors = map[string]string{
	"sockeye":    "#e8432e",
	"goroutines": "#2f7fd1",
	"gorilla":    "#8f63c9",
	"gws":        "#2a9d74",
	"nbio":       "#b28a12",
	"coder":      "#b3599a",
	"fasthttp":   "#2aa5bf",
	"gobwas":     "#7d8f3c",
	"rawnet":     "#93a1ad",
	"rawgnet":    "#8b6f5c",
	"ws":         "#6ba547",
	"bun":        "#5b6b86",
}
