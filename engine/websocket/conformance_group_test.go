package websocket_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// major is the first number of an ID, minor the last, and prefix what is before
// the last, which is the same for all cases of a group.
func (c *conformCase) major() int {
	n, _ := strconv.Atoi(c.id[:strings.IndexByte(c.id, '.')])
	return n
}

func (c *conformCase) minor() int {
	n, _ := strconv.Atoi(c.id[strings.LastIndexByte(c.id, '.')+1:])
	return n
}

func (c *conformCase) prefix() string { return c.id[:strings.LastIndexByte(c.id, '.')] }

// compressed tells groups 12 and 13.
func (c *conformCase) compressed() bool { return c.major() == 12 || c.major() == 13 }

// size is that of the largest payload.
func (c *conformCase) size() (n int) {
	for _, s := range c.steps {
		n = max(n, s.payload.size, len(s.payload.literal))
	}
	return n
}

// content is the i-th payload of a step that is repeated.
func (c *conformCase) content(s *conformStep, i int) []byte {
	for name, file := range conformFiles {
		if _, rest, _ := strings.Cut(c.group, ": "); strings.HasPrefix(rest, name) {
			b := file()
			off := i * 4099 % (len(b) - s.payload.size)
			if s.op == text {
				return cutText(b, off, s.payload.size)
			}
			return b[off:][:s.payload.size]
		}
	}
	return s.payload.bytes(s.op == text)
}

// fragment is the size of the frames of a message. The table does not tell that
// the original suite cuts the messages of the last eight sizes of groups 12 and 13.
func (c *conformCase) fragment() int {
	if !c.compressed() || c.minor() <= 10 {
		return 0
	}
	return [...]int{256, 256, 256, 256, 256, 1024, 4096, 32768}[c.minor()-11]
}

var offerPattern = regexp.MustCompile(`\((True|False), (\d+)\)`)

// offers are those that the name of a group of 13 has, and in group 12 one
// without parameters; nil means no compression.
func (c *conformCase) offers() (list []conformOffer) {
	if !c.deflate {
		return nil
	}
	client, _, _ := strings.Cut(c.group, " / server accept")
	_, client, _ = strings.Cut(client, "client offers")
	for _, m := range offerPattern.FindAllStringSubmatch(client, -1) {
		bits, _ := strconv.Atoi(m[2])
		list = append(list, conformOffer{noTakeover: m[1] == "True", bits: bits})
	}
	if list == nil {
		list = []conformOffer{{lean: true}}
	}
	return list
}

// title is the group for people.
func (c *conformCase) title() string {
	_, s, found := strings.Cut(c.group, ": ")
	if !found {
		s = c.group
	}
	if c.major() == 13 {
		s = ""
		for _, o := range c.offers() {
			s += fmt.Sprintf(", no takeover %v, bits %d", o.noTakeover, o.bits)
		}
		s = s[2:]
	}
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40])
	}
	return s
}
