package pictures_test

import (
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sockeye-io/sockeye/bench/pictures"
	"github.com/sockeye-io/sockeye/bench/result"
)

var update = flag.Bool("update", false, "write the pictures in testdata instead of comparing with them")

func full(t *testing.T) *result.File {
	t.Helper()
	in, err := os.Open("../report/testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f, err := result.Read(in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func drawn(t *testing.T, f *result.File) map[string]string {
	t.Helper()
	names, err := pictures.Write(t.TempDir(), f)
	if err != nil {
		t.Fatal(err)
	}
	svg := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		svg[filepath.Base(name)] = string(b)
	}
	return svg
}

func TestPictures(t *testing.T) {
	t.Parallel()
	f := full(t)
	for name, svg := range drawn(t, f) {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(svg), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != svg {
			t.Errorf("%s is drawn differently (look at it after go test -update)", path)
		}
		texts := textsOf(t, name, svg)
		for _, s := range f.Servers {
			if s.Name == "ws" && name == "broadcast.svg" {
				continue // was not measured
			}
			if s.Name == "ws" && name == "latency.svg" { // could not keep up, which a note tells
				if !strings.Contains(svg, "far off the scale: ws (half of it after 9") {
					t.Errorf("%s: nothing of ws", name)
				}
				continue
			}
			if !slices.ContainsFunc(texts, func(x string) bool { return strings.HasPrefix(x, s.Name) }) {
				t.Errorf("%s: no %s in %q", name, s.Name, texts)
			}
		}
	}
}

// textsOf reads all texts, and checks that each has its place: a reader with another font sees them as they were planned.
func textsOf(t *testing.T, name, svg string) (texts []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	inText := false
	for {
		token, err := d.Token()
		if token == nil {
			return texts
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			inText = x.Name.Local == "text"
			place := map[string]float64{}
			for _, a := range x.Attr {
				place[a.Name.Local], _ = strconv.ParseFloat(a.Value, 64)
				if a.Name.Local == "href" {
					t.Errorf("%s refers to %s", name, a.Value)
				}
			}
			if inText && (place["textLength"] == 0 || place["x"] < 0 || place["x"]+place["textLength"] > 700-10) {
				t.Errorf("%s: a text at %v, %v wide", name, place["x"], place["textLength"])
			}
		case xml.CharData:
			if inText {
				texts = append(texts, string(x))
			}
		case xml.EndElement:
			inText = false
		}
	}
}

// What is in doubt is not drawn, and said; what was not measured makes no picture.
func TestPicturesLittle(t *testing.T) {
	t.Parallel()
	f := full(t)
	f.Cells = slices.DeleteFunc(f.Cells, func(c result.Cell) bool { return c.Scenario != "latency" })
	for i := range f.Cells {
		if f.Cells[i].Server == "gws" {
			f.Cells[i].Doubts = []result.Doubt{{Round: 0}, {Round: 1}, {Round: 2}}
		}
	}
	svg := drawn(t, f)
	if len(svg) != 1 || !strings.Contains(svg["latency.svg"], "the load generator was the limit: gws.") {
		t.Errorf("%d pictures", len(svg))
	}
	f = full(t)
	for i := range f.Cells { // two numbers of connections are one difference: no line
		f.Cells[i].Growth = f.Cells[i].Growth[:min(2, len(f.Cells[i].Growth))]
	}
	if got := drawn(t, f)["memory.svg"]; !strings.Contains(got, "521 B") || strings.Contains(got, "logarithmic") {
		t.Error("one number of connections makes no bars")
	}
	if got := drawn(t, &result.File{}); len(got) != 0 {
		t.Errorf("%d pictures of nothing", len(got))
	}
}

func TestApart(t *testing.T) {
	t.Parallel()
	tests := []struct{ at, want []float64 }{
		{nil, []float64{}},
		{[]float64{5, 50, 90}, []float64{5, 50, 90}},
		{[]float64{50, 50}, []float64{45, 55}},
		{[]float64{50, 52, 54}, []float64{42, 52, 62}},
		{[]float64{1, 2}, []float64{0, 10}},                 // not below the least
		{[]float64{99, 100}, []float64{90, 100}},            // not above the most
		{[]float64{40, 44, 56}, []float64{37, 47, 57}},      // pushed apart, they touch the third: one block
		{[]float64{0, 0, 14, 90}, []float64{0, 10, 20, 90}}, // and again
	}
	for _, test := range tests {
		got := pictures.Apart(test.at, 10, 0, 100)
		if diff := cmp.Diff(test.want, got, cmpopts.EquateApprox(0, 0.5)); diff != "" {
			t.Errorf("%v: %s", test.at, diff)
		}
	}
}

func TestMicros(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0.471: "0.471 µs", 6.684: "6.68 µs", 9.997: "10.0 µs", 999.4: "999 µs", 999.6: "1.00 ms", 45400: "45.4 ms", 3.2e6: "3.20 s",
	} {
		if got := pictures.Micros(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
