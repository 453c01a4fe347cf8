package differential_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	pires "github.com/pires/go-proxyproto"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

var headers = flag.Int("headers", 20000, "how many random headers TestHeaders tries")

// compare gives p to both and fails if theirs is not what the rules make of ours.
// It answers which rules changed something.
func compare(t testing.TB, p []byte) (used []bool) {
	t.Helper()
	our, err := ours(p)
	their, theirErr := theirs(t, p)
	in := headerOf(p)
	want := our
	used = make([]bool, len(rules))
	for i, r := range rules {
		next := r.apply(in, want, err)
		used[i] = !next.equal(want)
		want = next
	}
	if !their.equal(want) {
		t.Errorf("%.300q\nours:   %v, error %v\ntheirs: %v, error %v\nwant:   %v", p, our, err, their, theirErr, want)
	}
	// What is no header to one is none to the other; to them neither is a part
	// of a signature.
	notTheirs, notOurs := errors.Is(theirErr, pires.ErrNoProxyProtocol), err == proxyproto.ErrNotHeader
	if notOurs != notTheirs && (err != nil || len(p) >= len(signature)) {
		t.Errorf("%.300q: our error %v, theirs %v", p, err, theirErr)
	}
	if our.n > 0 {
		compareWriting(t, p)
	}
	return used
}

// compareWriting has both write the header of p. Three differences are known:
// they write a mapped IPv4 address with dots, where the grammar of section 2.1
// has only colons; they leave a checksum as it was given, where ours fills it in;
// and the rest of an UNKNOWN line is gone in both.
func compareWriting(t testing.TB, p []byte) {
	t.Helper()
	h, _, _ := proxyproto.Parse(p, limit)
	our, err := proxyproto.Append(nil, &h)
	if err != nil {
		t.Fatalf("%.300q: %v", p, err)
	}
	their, err := written(&h)
	if err != nil {
		t.Fatalf("%.300q: %v", p, err)
	}
	if h.Version == 1 && h.Transport == proxyproto.TCP6 && (h.Source.Addr().Is4In6() || h.Destination.Addr().Is4In6()) {
		back, n, err := proxyproto.Parse(their, limit)
		if n != len(their) || err != nil || !outcomeOf(back, 0).equal(outcomeOf(h, 0)) {
			t.Errorf("%q is read as %v, %v", their, back, err)
		}
		return
	}
	if h.TLVs.Value(proxyproto.TypeCRC32C) != nil {
		back, _, err := proxyproto.Parse(our, limit)
		if err != nil || len(our) != len(their) {
			t.Errorf("%q and %q: %v", our, their, err)
		}
		h.TLVs = back.TLVs
		if their, err = written(&h); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(our, their) {
		t.Errorf("%+v\nours:   %q\ntheirs: %q", h, our, their)
	}
}

// Every rule is needed for its example.
func TestRules(t *testing.T) {
	for i, r := range rules {
		if !compare(t, []byte(r.example))[i] {
			t.Errorf("%q is read alike: %s", r.example, r.reason)
		}
	}
}

func TestHeaders(t *testing.T) {
	count := make([]int, len(rules))
	for seed := range uint64(*headers) {
		for i, used := range compare(t, random(rand.New(rand.NewPCG(seed, 3)))) {
			if used {
				count[i]++
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	for i, r := range rules {
		t.Logf("%6d explained: %s: %s", count[i], r.section, r.reason)
	}
}

func FuzzDifferential(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(random(rand.New(rand.NewPCG(seed, 4))))
	}
	for _, r := range rules {
		f.Add([]byte(r.example))
	}
	f.Fuzz(func(t *testing.T, p []byte) { compare(t, p) })
}

// random is a header that is mostly in order.
func random(rng *rand.Rand) []byte {
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	var p []byte
	if rng.IntN(2) == 0 {
		four := func() string {
			return pick("1.2.3.4", "255.255.255.255", "0.0.0.0", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256")
		}
		group := func() string { return pick("0", "1", "ab", "0ABC", "ffff", "12345", "") }
		six := func() string {
			var s []string
			for range 1 + rng.IntN(9) {
				s = append(s, group())
			}
			return pick(strings.Join(s, ":"), strings.Join(s, ":")+"::", strings.Join(s, ":")+":1.2.3.4",
				"::", "::1", "::ffff:1.2.3.4", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "fe80::1%eth0")
		}
		family := pick("4", "6")
		address := map[string]func() string{"4": four, "6": six}[family]
		port := func() string { return pick("0", "1", "443", "65535", "65536", "08", "-1", "") }
		space := func() string { return pick(" ", " ", " ", " ", " ", " ", " ", " ", " ", "  ", "\t", "") }
		p = []byte(pick(
			"PROXY TCP"+family+space()+address()+space()+address()+space()+port()+space()+port(),
			"PROXY UNKNOWN"+pick("", " ", " x y", "x", " a\rb", " a\nb", " "+strings.Repeat("x", 85+rng.IntN(15)))) +
			pick("\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", " \r\n") + pick("", "rest"))
	} else {
		tlv := func(typ, value string) string {
			return typ + string(binary.BigEndian.AppendUint16(nil, uint16(len(value)))) + value
		}
		tlvs := ""
		for range rng.IntN(5) {
			value := strings.Repeat("v", rng.IntN(3)*rng.IntN(3)*rng.IntN(50))
			tlvs += pick(tlv("\x01", value), tlv("\x05", value), tlv("\xea", value), tlv("\x04", value), tlv("\x20", value),
				tlv("\x20", "\x01\x00\x00\x00\x00"+tlv("\x21", value)+tlv("\x22", value)), pick("\x04", ""))
		}
		block6 := strings.Repeat("\x20\x01\x0d\xb8", 9)
		unix := path(pick("/a", "\x00abstract", "", "a\x00b")) + path(pick("/b", "\x00c"))
		pair := pick("\x11"+block4, "\x12"+block4, "\x21"+block6, "\x22"+block6, "\x31"+unix, "\x32"+unix, "\x00", "\x00"+block4,
			"\x11", "\x13"+block4, "\x10"+block4)
		summed := rng.IntN(3) == 0
		if summed {
			tlvs += "\x03\x00\x04\x00\x00\x00\x00"
		}
		p = []byte(wire(pick("\x20", "\x21", "\x21")+pair[:1], pair[1:]+tlvs))
		if summed && rng.IntN(4) > 0 {
			binary.BigEndian.PutUint32(p[len(p)-4:], crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)))
		}
		p = append(p, pick("", "rest")...)
	}
	if rng.IntN(3) == 0 {
		p[rng.IntN(len(p))] ^= 1 << rng.IntN(8)
	}
	return p[:len(p)-rng.IntN(5)/4*rng.IntN(len(p))]
}
