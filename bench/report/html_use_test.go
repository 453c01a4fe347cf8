package report_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHTMLUse does what a reader does.
func TestHTMLUse(t *testing.T) {
	t.Parallel()
	p := openTab(t)
	f := full(t)
	p.look(1280, "light")
	p.open(writePage(t, f))

	before := p.all()
	p.eval(`[...document.querySelectorAll("[data-plot=growth] .legend button")].find((b) => b.innerText.startsWith("gorilla")).click()`, nil)
	p.frame()
	after := p.all()
	const gorilla = 2
	for i := range after {
		if after[i].Servers[gorilla] > 0 {
			t.Errorf("plot %s still shows gorilla", after[i].Plot)
		}
	}
	p.eval(`document.querySelector("#all button").click()`, nil)
	p.frame()
	if diff := cmp.Diff(before, p.all()); diff != "" {
		t.Errorf("not as it was before:\n%s", diff)
	}

	var over struct{ X, Y float64 }
	p.eval(`(() => {
		const u = document.querySelector("[data-plot=growth] .u-over");
		u.scrollIntoView({ block: "center" });
		const r = u.getBoundingClientRect();
		return { X: r.right - 2, Y: r.top + r.height / 2 };
	})()`, &over)
	value := func() (s string) {
		p.eval(`document.querySelector("[data-plot=growth]").innerText.replace(/\s+/g, " ")`, &s)
		return s
	}
	p.call("Input.dispatchMouseEvent", params{"type": "mouseMoved", "x": over.X - 300, "y": over.Y}, nil)
	p.frame()
	left := value()
	p.call("Input.dispatchMouseEvent", params{"type": "mouseMoved", "x": over.X, "y": over.Y}, nil)
	p.frame()
	if right := value(); left == right || !strings.Contains(right, "16,000 open connections") || !strings.Contains(right, "MB") {
		t.Errorf("the legend says %q, and before %q", right, left)
	}

	var rows int
	p.eval(`(() => {
		for (const d of document.querySelectorAll("[data-plot] details")) d.open = true;
		return new Promise((done) => setTimeout(() => done(document.querySelectorAll("[data-plot] details tbody tr").length)));
	})()`, &rows)
	if rows < 50 {
		t.Errorf("the tables of the plots have %d rows, want more", rows)
	}
	var same bool
	p.eval(`(() => {
		const a = document.getElementById("download");
		const text = decodeURIComponent(a.href.slice(a.href.indexOf(",") + 1));
		return a.download.endsWith(".json") &&
			JSON.stringify(JSON.parse(text)) === JSON.stringify(JSON.parse(document.getElementById("data").textContent).result);
	})()`, &same)
	if !same {
		t.Error("what can be downloaded is not the result")
	}

	p.eval(`dispatchEvent(new Event("beforeprint"))`, nil)
	p.frame()
	p.all()
	p.eval(`dispatchEvent(new Event("afterprint"))`, nil)
	p.frame()
	p.all()
	p.silent()
}
