package websocket_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"sync"
)

// conformOffer is what a group of 13 is about: what one side requests of the
// other. Zero bits: nothing is said about the window.
type conformOffer struct {
	noTakeover bool
	bits       int
	lean       bool // group 12, see conformOffers
}

// conformParams are those of permessage-deflate, in a header field.
type conformParams struct {
	serverNo, clientNo     bool
	serverBits, clientBits int // 0: absent; -1: client_max_window_bits without a value
}

func (p conformParams) String() string {
	s := "permessage-deflate"
	for _, v := range []struct {
		name string
		flag bool
		bits int
	}{
		{"server_no_context_takeover", p.serverNo, 0},
		{"client_no_context_takeover", p.clientNo, 0},
		{"server_max_window_bits", false, p.serverBits},
		{"client_max_window_bits", false, p.clientBits},
	} {
		switch {
		case v.bits > 0:
			s += fmt.Sprintf("; %s=%d", v.name, v.bits)
		case v.flag || v.bits < 0:
			s += "; " + v.name
		}
	}
	return s
}

// parseConformParams reads the extensions of a header field, of which there must
// be permessage-deflate alone.
func parseConformParams(field string) (list []conformParams, err error) {
	for ext := range strings.SplitSeq(field, ",") {
		parts := strings.Split(ext, ";")
		if strings.TrimSpace(parts[0]) != "permessage-deflate" {
			return nil, fmt.Errorf("extension %q", ext)
		}
		var p conformParams
		seen := map[string]bool{}
		for _, part := range parts[1:] {
			name, value, found := strings.Cut(strings.TrimSpace(part), "=")
			bits := -1
			if found {
				if bits, err = strconv.Atoi(strings.Trim(value, `"`)); err != nil || bits < 8 || bits > 15 {
					return nil, fmt.Errorf("parameter %q", part)
				}
			}
			switch {
			case seen[name]:
				return nil, fmt.Errorf("%s is there twice", name)
			case name == "server_no_context_takeover" && !found:
				p.serverNo = true
			case name == "client_no_context_takeover" && !found:
				p.clientNo = true
			case name == "server_max_window_bits" && found:
				p.serverBits = bits
			case name == "client_max_window_bits":
				p.clientBits = bits
			default:
				return nil, fmt.Errorf("parameter %q", part)
			}
			seen[name] = true
		}
		list = append(list, p)
	}
	return list, nil
}

// conformOffers are those of a client that lets the server choose what it wants of
// the client. The original suite says so with both parameters, always; but who
// reads client_no_context_takeover in an offer takes it at its word, so group 12
// leaves it out: there both sides may refer to earlier messages.
func conformOffers(list []conformOffer) string {
	var s []string
	for _, o := range list {
		s = append(s, conformParams{serverNo: o.noTakeover, serverBits: o.bits, clientNo: !o.lean, clientBits: -1}.String())
	}
	return strings.Join(s, ", ")
}

// agreed checks what a server made of the offers: RFC 7692 section 7.1.
func conformAgreed(list []conformOffer, field string) (conformParams, error) {
	got, err := parseConformParams(field)
	switch {
	case err != nil:
		return conformParams{}, err
	case len(got) != 1:
		return conformParams{}, fmt.Errorf("%d extensions in the answer", len(got))
	case got[0].clientBits < 0:
		return conformParams{}, errors.New("client_max_window_bits without a value in the answer")
	}
	for _, o := range list {
		// 7.1.1.1, 7.1.2.1: an offer is accepted by a response with the parameter,
		// and the same or a smaller window.
		if (!o.noTakeover || got[0].serverNo) && (o.bits == 0 || 0 < got[0].serverBits && got[0].serverBits <= o.bits) {
			return got[0], nil
		}
	}
	return conformParams{}, fmt.Errorf("the answer %q accepts no offer", field)
}

// conformAnswer is what a server answers that wants o of the client.
func conformAnswer(o conformOffer, offers []conformParams) (conformParams, error) {
	for _, offer := range offers {
		if o.bits != 0 && offer.clientBits == 0 {
			continue
		}
		p := conformParams{serverNo: offer.serverNo, serverBits: offer.serverBits, clientNo: offer.clientNo || o.noTakeover}
		if o.bits != 0 {
			p.clientBits = o.bits
			if offer.clientBits > 0 {
				p.clientBits = min(o.bits, offer.clientBits)
			}
		}
		return p, nil
	}
	return conformParams{}, fmt.Errorf("no offer of %v lets the server want %+v", offers, o)
}

// conformDeflate is permessage-deflate with the standard library. Its compressor
// has a window of 32 KiB only; where less is agreed for it, it finds no repetitions.
//
// What it has done once it need not do a thousand times: a full run would spend
// half of its time here.
type conformDeflate struct {
	w        *flate.Writer
	buf      bytes.Buffer
	takeover bool
	count    int              // messages compressed
	packed   map[*byte][]byte // compressed without takeover, by the payload

	r       io.ReadCloser
	text    bytes.Buffer
	window  int    // of the other side's compressor, bytes
	history []byte // what it may refer to
	keep    bool   // it may
	inspect int    // so many bytes more are looked at for distances beyond the window
	seed    maphash.Seed
	known   map[uint64][2][]byte // messages that have come, compressed and not
}

func newConformDeflate(p conformParams, client bool) *conformDeflate {
	ours, bits, takeover, theirs := p.serverBits, p.clientBits, !p.serverNo, !p.clientNo
	if client {
		ours, bits, takeover, theirs = bits, ours, theirs, takeover
	}
	level := flate.BestSpeed
	if ours > 0 && ours < 15 {
		level = flate.HuffmanOnly
	}
	if bits == 0 {
		bits = 15
	}
	d := &conformDeflate{
		takeover: takeover, keep: theirs, window: 1 << bits, inspect: 20_000, seed: maphash.MakeSeed(),
		packed: map[*byte][]byte{}, known: map[uint64][2][]byte{},
	}
	d.w, _ = flate.NewWriter(&d.buf, level) // the level is good
	d.r = flate.NewReader(nil)
	return d
}

// compress is RFC 7692 section 7.2.1. With takeover, twenty messages of two hundred
// refer to the ones before, beginning with the first of them; the others may, but
// do not.
func (d *conformDeflate) compress(p []byte) []byte {
	turn := d.count % 200
	d.count++
	if d.takeover && turn < 20 {
		return d.pack(p, turn == 0)
	}
	if len(p) == 0 {
		return d.pack(p, true)
	}
	packed, ok := d.packed[&p[0]]
	if !ok {
		packed = bytes.Clone(d.pack(p, true))
		d.packed[&p[0]] = packed
	}
	return packed
}

// bomb lets compress know zeros, which take long to compress, and not again
// for each connection.
func (d *conformDeflate) bomb(zeros []byte) {
	packed, ok := conformBombs.Load(len(zeros))
	if !ok {
		packed = bytes.Clone(d.pack(zeros, true))
		conformBombs.Store(len(zeros), packed)
	}
	d.packed[&zeros[0]] = packed.([]byte)
	d.count = max(d.count, 20) // to the messages that are compressed alone
}

var conformBombs sync.Map

func (d *conformDeflate) pack(p []byte, alone bool) []byte {
	d.buf.Reset()
	if alone {
		d.w.Reset(&d.buf)
	}
	_, _ = d.w.Write(p)
	_ = d.w.Flush() // a bytes.Buffer has no errors
	return bytes.TrimSuffix(d.buf.Bytes(), []byte("\x00\x00\xff\xff"))
}

// inflate is section 7.2.2. The final block that follows the tail makes the end
// of the message an end for the reader too.
func (d *conformDeflate) inflate(p []byte) ([]byte, error) {
	if d.inspect > 0 && d.window < 1<<15 {
		d.inspect -= len(p)
		if reach, err := deflateReach(p); err != nil {
			return nil, err
		} else if reach > d.window {
			return nil, fmt.Errorf("a distance of %d in a window of %d", reach, d.window)
		}
	}
	// What the same bytes mean after the same history is known.
	sum := maphash.Bytes(d.seed, p) + 3*maphash.Bytes(d.seed, d.history)
	if known := d.known[sum]; len(p) > 0 && bytes.Equal(known[0], p) {
		d.remember(known[1])
		return known[1], nil
	}
	src := io.MultiReader(bytes.NewReader(p), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
	if err := d.r.(flate.Resetter).Reset(src, d.history); err != nil {
		return nil, err
	}
	d.text.Reset()
	if _, err := d.text.ReadFrom(d.r); err != nil {
		return nil, fmt.Errorf("a message that does not inflate: %w", err)
	}
	text := bytes.Clone(d.text.Bytes())
	d.remember(text)
	if len(d.known) < 200 {
		d.known[sum] = [2][]byte{p, text}
	}
	return text, nil
}

func (d *conformDeflate) remember(text []byte) {
	if d.keep {
		d.history = append(d.history, text[max(len(text)-d.window, 0):]...)
		d.history = d.history[:copy(d.history, d.history[max(len(d.history)-d.window, 0):])]
	}
}
