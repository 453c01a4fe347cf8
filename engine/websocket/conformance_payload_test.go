package websocket_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// bytes is the payload itself. Where the table has only a size the content does
// not repeat, so that a piece that is lost, doubled or moved is found; text has
// characters of every length, so that cuts go through them.
func (p conformPayload) bytes(textual bool) []byte {
	switch {
	case p.size < 0:
		return p.literal
	case p.zeros:
		return make([]byte, p.size)
	case textual:
		return cutText(conformText(), 0, p.size)
	}
	return conformNoise()[:p.size:p.size]
}

// conformLargest is the largest message that is echoed, and a byte that is too much.
const conformLargest = 16<<20 + 1

var conformText = sync.OnceValue(func() []byte {
	b := make([]byte, 0, conformLargest+64)
	for i := int64(0); len(b) < conformLargest; i++ {
		b = strconv.AppendInt(b, i, 10)
		b = append(b, []string{" ", "é", "€", "𝄞"}[i%4]...)
	}
	return b
})

var conformNoise = sync.OnceValue(func() []byte {
	b := make([]byte, 0, conformLargest+8)
	for r := rand.NewPCG(1, 2); len(b) < conformLargest; {
		b = binary.LittleEndian.AppendUint64(b, r.Uint64())
	}
	return b
})

// cutText takes n bytes of a text from about off on. What is left of a character
// that was cut off becomes blanks.
func cutText(all []byte, off, n int) []byte {
	p := bytes.Clone(all[off:][:n])
	for i := 0; i < len(p) && !utf8.RuneStart(p[i]); i++ {
		p[i] = ' '
	}
	for i := len(p) - 1; i >= 0 && i >= len(p)-utf8.UTFMax; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				copy(p[i:], "   ")
			}
			break
		}
	}
	return p
}

// conformFiles stand for the files that groups 12 and 13 send: of the same kind
// and size, and about as compressible.
var conformFiles = map[string]func() []byte{
	"Large JSON data file":            sync.OnceValue(conformJSON),
	"Lena Picture, Bitmap 512x512 bw": sync.OnceValue(conformBitmap),
	"Human readable text":             sync.OnceValue(conformProse),
	"Large HTML file":                 sync.OnceValue(conformHTML),
	"A larger PDF":                    sync.OnceValue(conformPDF),
}

// conformWords is a vocabulary of made-up words, the short ones the most frequent.
func conformWords(r *rand.Rand) func() string {
	syllables := strings.Fields("an be cha der ein for gen hal ist je kon lich mar nen ohr pra qua rein sch tun und ver wie zau fö lä rüh stra ge")
	words := make([]string, 3000)
	for i := range words {
		for range 1 + i*3/len(words) + r.IntN(2) {
			words[i] += syllables[r.IntN(len(syllables))]
		}
	}
	return func() string {
		f := r.Float64()
		return words[int(f*f*f*float64(len(words)))]
	}
}

func conformJSON() []byte {
	r := rand.New(rand.NewPCG(3, 0))
	word := conformWords(r)
	var b bytes.Buffer
	b.WriteByte('[')
	for i := 0; b.Len() < 194056; i++ {
		fmt.Fprintf(&b, "{\"id\": %d, \"name\": %q, \"active\": %v, \"balance\": \"%d.%02d\", \"tags\": [%q, %q], \"at\": [%f, %f]},\n  ",
			i, word()+" "+word(), r.IntN(2) == 0, r.IntN(10000), r.IntN(100), word(), word(), r.Float64()*180-90, r.Float64()*360-180)
	}
	return cutText(b.Bytes(), 0, 194056)
}

// conformBitmap is a header, and grey values that change slowly but not smoothly.
func conformBitmap() []byte {
	r := rand.New(rand.NewPCG(4, 0))
	b := append(make([]byte, 0, 263222), "BM"...)
	for len(b) < 1078 {
		b = append(b, byte(len(b)), byte(len(b)), byte(len(b)), 0)
	}
	for b = b[:1078]; len(b) < cap(b); {
		x, y := (len(b)-1078)%512, (len(b)-1078)/512
		b = append(b, byte(100+x*y/4000+40*((x/37+y/53)%3)+r.IntN(6)))
	}
	return b
}

func conformProse() []byte {
	r := rand.New(rand.NewPCG(5, 0))
	word := conformWords(r)
	var b bytes.Buffer
	for b.Len() < 222218 {
		for range 4 + r.IntN(5) {
			b.WriteString(word())
			b.WriteString([]string{" ", " ", " ", " ", " ", ", ", "; "}[r.IntN(7)])
		}
		b.WriteString([]string{"\r\n", ".\r\n", "!\r\n", ".\r\n\r\n"}[r.IntN(4)])
	}
	return b.Bytes()[:222218]
}

func conformHTML() []byte {
	r := rand.New(rand.NewPCG(6, 0))
	word := conformWords(r)
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n<html><head><title>größer</title></head><body>\n")
	for i := 0; b.Len() < 263647; i++ {
		fmt.Fprintf(&b, "<div class=\"item item-%d\"><a href=\"/%s/%d\" title=%q>%s</a>\n  <p>", i%7, word(), i, word(), word())
		for range 5 + r.IntN(20) {
			b.WriteString(word() + " ")
		}
		b.WriteString("</p></div>\n")
	}
	return cutText(b.Bytes(), 0, 263647)
}

// conformPDF is objects with streams that have been compressed already.
func conformPDF() []byte {
	r := rand.New(rand.NewPCG(7, 0))
	b := append(make([]byte, 0, 1042328+20000), "%PDF-1.4\n"...)
	for i := 1; len(b) < 1042328; i++ {
		n := 200 + r.IntN(16000)
		b = fmt.Appendf(b, "%d 0 obj\n<< /Length %d /Filter /FlateDecode >>\nstream\n", i, n)
		b = append(b, conformNoise()[r.IntN(1<<20):][:n]...)
		b = append(b, "\nendstream\nendobj\n"...)
	}
	return b[:1042328]
}
