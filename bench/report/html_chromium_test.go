package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/result"
)

// canvas is what one plot shows.
type canvas struct {
	Plot    string
	Painted int   // pixels that are not empty
	Servers []int // pixels in the colour of each server of the file
}

// pixels looks at a canvas, on a copy: reading would make the page's own slower.
const pixels = `function pixels(c) {
	const servers = JSON.parse(document.getElementById("data").textContent).servers.map((s) => parseInt(s.color.slice(1), 16));
	const copy = new OffscreenCanvas(c.width, c.height).getContext("2d", { willReadFrequently: true });
	copy.drawImage(c, 0, 0);
	const words = new Uint32Array(copy.getImageData(0, 0, c.width, c.height).data.buffer); // alpha, blue, green, red
	const seen = new Map();
	let painted = 0;
	for (const w of words) {
		if (w >>> 24 === 0) continue;
		painted++;
		seen.set(w, 1 + (seen.get(w) || 0));
	}
	const word = (rgb) => (0xff << 24 | (rgb & 255) << 16 | rgb & 0xff00 | rgb >> 16) >>> 0;
	return {
		Plot: c.closest("[data-plot]").dataset.plot, Painted: painted, Servers: servers.map((rgb) => seen.get(word(rgb)) || 0),
	};
}`

// canvases look at all plots.
func (p *tab) canvases() (all []canvas) {
	p.t.Helper()
	p.eval(pixels, nil)
	p.eval(`[...document.querySelectorAll("main canvas")].map(pixels)`, &all)
	return all
}

func writePage(t *testing.T, f *result.File) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(page(t, f)), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// silent fails if the page asked for anything, or complained.
func (p *tab) silent() {
	p.t.Helper()
	for _, url := range p.requests {
		if !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:image/svg+xml,") {
			p.t.Errorf("the page asked for %s", url)
		}
	}
	for _, e := range p.errors {
		p.t.Error(e)
	}
}

// all checks that as many plots are there as the page says, that each is painted, and shows ours.
func (p *tab) all() []canvas {
	p.t.Helper()
	var want struct{ Said, Drawn, Ours int }
	p.eval(`(() => {
		const main = document.querySelector("main");
		const data = JSON.parse(document.getElementById("data").textContent);
		return {
			Said: Number(main.dataset.plots), Drawn: Number(main.dataset.drawn),
			Ours: data.servers.findIndex((s) => s.name === data.subject),
		};
	})()`, &want)
	got := p.canvases()
	if want.Said < 1 || want.Drawn != want.Said || len(got) != want.Said {
		p.t.Fatalf("%d plots, of which the script has drawn %d; %d canvases", want.Said, want.Drawn, len(got))
	}
	for _, c := range got {
		if c.Painted < 1000 || c.Servers[want.Ours] < 20 {
			p.t.Errorf("plot %s: %d pixels are painted, %d in our colour", c.Plot, c.Painted, c.Servers[want.Ours])
		}
	}
	return got
}

func TestHTMLChromium(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	path := writePage(t, full(t))
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{390, 1440} {
			p.look(width, scheme)
			p.open(path)
			if n := len(p.all()); n != 12 {
				t.Errorf("%d plots, want 12", n)
			}
			var over float64
			p.eval(`document.documentElement.scrollWidth - innerWidth`, &over)
			if over > 0 {
				t.Errorf("the page is %v pixels wider than a window of %d", over, width)
			}
			p.screenshot(fmt.Sprintf("%s-%d", scheme, width))
			p.contrast(scheme)
			p.silent()
		}
	}
}

// contrast checks that all text can be read: WCAG 2 asks for 4.5.
func (p *tab) contrast(scheme string) {
	p.t.Helper()
	var low []string
	p.eval(`(() => {
		const style = getComputedStyle(document.documentElement);
		const light = (name) => {
			const hex = style.getPropertyValue("--" + name).trim();
			const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
				.map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
			return 0.05 + 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const low = [];
		for (const text of ["ink", "muted", "accent", "good", "bad"]) for (const on of ["paper", "raised", "tint"]) {
			const [a, b] = [light(text), light(on)];
			const ratio = Math.max(a, b) / Math.min(a, b);
			if (!(ratio >= 4.5)) low.push(text + " on " + on + " " + ratio.toFixed(2));
		}
		return low;
	})()`, &low)
	if len(low) > 0 {
		p.t.Errorf("%s: contrast of %v", scheme, low)
	}
}

// everyView chooses all that can be chosen, and counts the pixels of each plot that come.
const everyView = `(async () => {
	const seen = [];
	for (const s of document.querySelectorAll("select")) {
		for (const o of s.options) {
			s.value = o.value;
			s.dispatchEvent(new Event("change"));
			await new Promise(requestAnimationFrame);
			const plot = s.closest("[data-plot]");
			seen.push({ ...pixels(plot.querySelector("canvas")), Plot: plot.getAttribute("data-plot") + ", " + o.textContent });
		}
		s.value = "0";
	}
	return seen;
})()`

func TestHTMLViews(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	p.look(1280, "light")
	p.open(writePage(t, full(t)))
	p.eval(pixels, nil)
	var views []canvas
	p.eval(everyView, &views)
	if len(views) < 50 {
		t.Errorf("%d views, want more", len(views))
	}
	for _, c := range views {
		sum := 0
		for _, n := range c.Servers {
			sum += n
		}
		if c.Painted < 1000 || sum < 20 {
			t.Errorf("%s: %d pixels are painted, %d in the colour of a server", c.Plot, c.Painted, sum)
		}
	}
	p.silent()
}

func TestHTMLHostile(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	p.look(1280, "dark")
	p.open(writePage(t, hostile(t)))
	p.all()
	var title string
	p.eval(`document.title`, &title)
	if !strings.Contains(title, "onerror=alert(1)") {
		t.Errorf("title %q", title)
	}
	p.screenshot("hostile")
	p.silent()
}

func TestHTMLChromiumPoor(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	p.look(390, "light")
	for name, f := range poor() {
		p.open(writePage(t, f))
		var said, drawn string
		p.eval(`document.querySelector("main").dataset.plots`, &said)
		p.eval(`document.querySelector("main").dataset.drawn`, &drawn)
		if said != drawn {
			t.Errorf("%s: %s of %s plots are drawn", name, drawn, said)
		}
		p.screenshot("poor-" + name)
		p.silent()
	}
}

// TestHTMLWatch makes sure that the other tests would see a page that asks for something or fails.
func TestHTMLWatch(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	path := filepath.Join(t.TempDir(), "page.html")
	bad := `<!DOCTYPE html><img src="http://sockeye.invalid/picture.png"><script>console.error("a"); throw new Error("b");</script>`
	if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
		t.Fatal(err)
	}
	p.open(path)
	if all := strings.Join(p.requests, " "); !strings.Contains(all, "picture.png") {
		t.Errorf("requests %q", all)
	}
	if len(p.errors) < 2 {
		t.Errorf("errors %q", p.errors)
	}

	p.open(writePage(t, full(t)))
	p.silent()
	p.eval(`(() => {
		document.body.append(Object.assign(document.createElement("img"), { src: "http://sockeye.invalid/picture.png" }));
		document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'owned'" }));
	})()`, nil)
	p.frame()
	if all := strings.Join(p.errors, " "); !strings.Contains(all, "Content Security Policy") {
		t.Errorf("the policy does not say no: %q", all)
	}
}
