package wsproto_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Every character is accepted whole, and each of its beginnings is accepted but
// not complete.
func TestUTF8Characters(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		var u wsproto.UTF8
		p := utf8.AppendRune(nil, r)
		for i := range p {
			if !u.Write(p[i:i+1]) || u.Complete() != (i == len(p)-1) {
				t.Fatalf("%U after %d of % x: complete = %v", r, i+1, p, u.Complete())
			}
		}
	}
}

// Every sequence of bytes gets the verdict of the standard library, at the byte
// where it becomes certain.
func TestUTF8Sequences(t *testing.T) {
	var sequence func(u wsproto.UTF8, p []byte, depth int)
	sequence = func(u wsproto.UTF8, p []byte, depth int) {
		for b := range 256 {
			q, v := append(p, byte(b)), u
			ok := v.Write(q[depth:])
			if ok != utf8Prefix(q) || v.Complete() != utf8.Valid(q) {
				t.Fatalf("% x: hopeful = %v, complete = %v", q, ok, v.Complete())
			}
			// Characters that are complete have had their turn.
			if ok && !v.Complete() {
				sequence(v, q, depth+1)
			}
		}
	}
	sequence(wsproto.UTF8{}, make([]byte, 0, 4), 0)
}

var texts = []struct{ name, text string }{
	{"ascii", "The quick brown fox jumps over the lazy dog, twice. "},
	{"latin", "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich. "},
	{"cyrillic", "Съешь же ещё этих мягких французских булок. "},
	{"cjk", "いろはにほへとちりぬるを我が世誰ぞ常ならむ"},
	{"emoji", "👩‍🚀🐟🌊 "},
}

// A byte that does not belong is found wherever it is, however the text is cut.
func TestUTF8Flaws(t *testing.T) {
	for _, c := range texts {
		t.Run(c.name, func(t *testing.T) {
			good := strings.Repeat(c.text, 100/len(c.text)+1)
			for at := range len(good) {
				bad := []byte(good)
				bad[at] = 0xff
				for cut := 0; cut <= len(bad); cut += 3 {
					var u wsproto.UTF8
					first := u.Write(bad[:cut])
					if second := u.Write(bad[cut:]); first != (cut <= at) || second {
						t.Fatalf("flaw at %d, cut at %d: %v, %v", at, cut, first, second)
					}
				}
			}
			for cut := range len(good) {
				var u wsproto.UTF8
				if !u.Write([]byte(good[:cut])) || u.Complete() != utf8.ValidString(good[:cut]) ||
					!u.Write([]byte(good[cut:])) || !u.Complete() {
					t.Fatalf("cut at %d", cut)
				}
			}
		})
	}
}

// However much ASCII stands inside a character, it is not stepped over.
func TestUTF8ASCIIInsideCharacter(t *testing.T) {
	for _, character := range []string{"é", "€", "🐟"} {
		for cut := 1; cut < len(character); cut++ {
			for n := 1; n < 80; n++ {
				before, inside, after := character[:cut], rep(n), character[cut:]
				for _, pieces := range [][2]string{{before, inside}, {before, inside + after}, {before + inside, after}} {
					var u wsproto.UTF8
					u.Write([]byte(pieces[0]))
					if u.Write([]byte(pieces[1])) {
						t.Fatalf("%q, then %q", pieces[0], pieces[1])
					}
				}
			}
		}
	}
}

func TestUTF8Reset(t *testing.T) {
	var u wsproto.UTF8
	for _, p := range []string{"\xff", "\xe2"} {
		u.Write([]byte(p))
		if u.Complete() {
			t.Errorf("complete after % x", p)
		}
		u.Reset()
		if !u.Complete() || !u.Write([]byte("a")) {
			t.Errorf("not reset after % x", p)
		}
	}
	u.Write([]byte("\xff"))
	if u.Write(nil) || u.Write([]byte("a")) || u.Complete() {
		t.Error("a flaw was forgotten")
	}
}

func TestUTF8Allocations(t *testing.T) {
	p := []byte(texts[1].text)
	if got := testing.AllocsPerRun(100, func() {
		var u wsproto.UTF8
		u.Write(p)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzUTF8(f *testing.F) {
	for _, c := range texts {
		f.Add([]byte(c.text), uint16(7), uint16(20))
	}
	f.Add([]byte(greek+fatal), uint16(3), uint16(12))
	f.Fuzz(func(t *testing.T, p []byte, i, j uint16) {
		cut := min(int(i), len(p))
		next := min(cut+int(j), len(p))
		var u wsproto.UTF8
		for _, piece := range [][2]int{{0, cut}, {cut, next}, {next, len(p)}} {
			ok, seen := u.Write(p[piece[0]:piece[1]]), p[:piece[1]]
			if ok != utf8Prefix(seen) || u.Complete() != utf8.Valid(seen) {
				t.Fatalf("% x, last cut at %d: hopeful = %v, complete = %v", seen, piece[0], ok, u.Complete())
			}
		}
	})
}

func BenchmarkUTF8(b *testing.B) {
	for _, c := range texts {
		for _, times := range []int{1, 4096 / len(c.text)} {
			p := []byte(strings.Repeat(c.text, times))
			b.Run(fmt.Sprintf("text=%s/size=%d/by=UTF8", c.name, len(p)), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					var u wsproto.UTF8
					if !u.Write(p) || !u.Complete() {
						b.Fatal("invalid")
					}
				}
			})
			b.Run(fmt.Sprintf("text=%s/size=%d/by=Valid", c.name, len(p)), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				for b.Loop() {
					if !utf8.Valid(p) {
						b.Fatal("invalid")
					}
				}
			})
		}
	}
}
