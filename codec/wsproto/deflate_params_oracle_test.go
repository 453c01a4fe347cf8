package wsproto_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// The grammar of RFC 6455 section 9.1 and RFC 7692 section 7.1 as it is written there.
var (
	oracleQuoted = `"(?:[^"\\]|\\.)*"`
	oracleParam  = regexp.MustCompile(`(?is)^[ \t]*([a-z_]+)(?:[ \t]*=[ \t]*([0-9]+|` + oracleQuoted + `))?[ \t]*$`)
	oracleEscape = regexp.MustCompile(`(?s)\\(.)`)
	// A string that does not end is one up to the end.
	oraclePart = map[string]*regexp.Regexp{
		",": regexp.MustCompile(`(?s)^(?:[^",]|` + oracleQuoted + `|"(?:[^"\\]|\\.)*\\?$)*`),
		";": regexp.MustCompile(`(?s)^(?:[^";]|` + oracleQuoted + `|"(?:[^"\\]|\\.)*\\?$)*`),
	}
)

// oracleSplit cuts at separators outside of strings.
func oracleSplit(s, separator string) (parts []string) {
	for {
		part := oraclePart[separator].FindString(s)
		parts = append(parts, part)
		if s = s[len(part):]; s == "" {
			return parts
		}
		s = s[len(separator):]
	}
}

// oracleSelectDeflate is SelectDeflate, with a map of all parameters.
func oracleSelectDeflate(values []string, want wsproto.Deflate) (wsproto.Deflate, bool) {
	for _, value := range values {
		var latin []rune // so that each byte is a character for regexp
		for _, c := range []byte(value) {
			latin = append(latin, rune(c))
		}
		for _, element := range oracleSplit(string(latin), ",") {
			if offer, ok := oracleDeflateOffer(element); ok {
				return oracleDeflateAnswer(offer, want), true
			}
		}
	}
	return wsproto.Deflate{}, false
}

func oracleDeflateOffer(element string) (offer map[string]string, ok bool) {
	parts := oracleSplit(element, ";")
	if !strings.EqualFold(strings.Trim(parts[0], " \t"), "permessage-deflate") {
		return nil, false
	}
	offer = map[string]string{}
	for _, part := range parts[1:] {
		m := oracleParam.FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		name, value := strings.ToLower(m[1]), m[2]
		if strings.HasPrefix(value, `"`) {
			if value = oracleEscape.ReplaceAllString(value[1:len(value)-1], "$1"); value == "" {
				return nil, false
			}
		}
		number := slices.Contains([]string{"8", "9", "10", "11", "12", "13", "14", "15"}, value)
		_, repeated := offer[name]
		switch {
		case repeated:
			return nil, false
		case name == "server_no_context_takeover" && value == "":
		case name == "client_no_context_takeover" && value == "":
		case name == "server_max_window_bits" && number:
		case name == "client_max_window_bits" && number:
		case name == "client_max_window_bits" && value == "":
			value = "15"
		default:
			return nil, false
		}
		offer[name] = value
	}
	return offer, true
}

func oracleDeflateAnswer(offer map[string]string, want wsproto.Deflate) (a wsproto.Deflate) {
	bits := func(name string, want uint8) uint8 {
		if want == 0 {
			want = 15
		}
		if n, err := strconv.Atoi(offer[name]); err == nil && n < int(want) {
			return uint8(n)
		}
		return want
	}
	_, a.ServerNoTakeover = offer["server_no_context_takeover"]
	_, a.ClientNoTakeover = offer["client_no_context_takeover"]
	a.ServerNoTakeover = a.ServerNoTakeover || want.ServerNoTakeover
	a.ClientNoTakeover = a.ClientNoTakeover || want.ClientNoTakeover
	a.ServerBits = bits("server_max_window_bits", want.ServerBits)
	if _, offered := offer["server_max_window_bits"]; !offered && a.ServerBits == 15 {
		a.ServerBits = 0
	}
	a.ClientBits = bits("client_max_window_bits", want.ClientBits)
	if _, offered := offer["client_max_window_bits"]; !offered && a.ClientBits < 15 {
		a.ClientBits, a.ClientNoTakeover = 0, true
	}
	if a.ClientBits == 15 {
		a.ClientBits = 0
	}
	return a
}

func FuzzSelectDeflate(f *testing.F) {
	for i, seed := range []string{
		"permessage-deflate", "permessage-deflate; client_max_window_bits", "x, permessage-deflate; server_max_window_bits=\"1\\0\"",
		"permessage-deflate; a=\"b, permessage-deflate; \\\" c\", permessage-deflate;server_no_context_takeover;client_max_window_bits=9",
		"permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=8",
		"permessage-deflate; client_no_context_takeover; client_no_context_takeover", "permessage-deflate = 1; ;, \"permessage-deflate",
	} {
		f.Add([]byte(seed), []byte("permessage-deflate; server_max_window_bits=10"), uint8(i), uint8(i*7), uint8(i*5))
		f.Add([]byte(""), []byte(seed), uint8(i+1), uint8(9), uint8(0))
	}
	f.Fuzz(func(t *testing.T, first, second []byte, flags, server, client uint8) {
		bits := []uint8{0, 8, 9, 10, 11, 12, 13, 14, 15}
		want := wsproto.Deflate{
			ServerNoTakeover: flags&1 != 0, ClientNoTakeover: flags&2 != 0,
			ServerBits: bits[int(server)%len(bits)], ClientBits: bits[int(client)%len(bits)],
		}
		values := []string{string(first), string(second)}
		var r wsproto.Request
		p := []byte(hsUpgrade(extensionLines(values)...))
		n, err := r.Parse(p, wsproto.Limits{MaxHead: 1 << 20}, 0)
		if err != nil || n != len(p) {
			return // another head than was meant
		}
		got, ok := r.SelectDeflate(want)
		if oracle, oracleOK := oracleSelectDeflate(values, want); ok != oracleOK || got != oracle {
			t.Fatalf("%q, %+v: %+v, %t; the oracle says %+v, %t", values, want, got, ok, oracle, oracleOK)
		}
		// As an answer the same bytes must not upset a client.
		var answer wsproto.Response
		p = []byte(hsAnswer("Sec-WebSocket-Extensions: " + string(first)))
		if n, err := answer.Parse(p, wsproto.Limits{MaxHead: 1 << 20}, 0); n != len(p) || err != nil {
			return
		}
		err = answer.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey, Deflate: &want})
		if err != nil && (answer.Deflated || hsStatus(t, err) != 101) {
			t.Fatalf("%q: %v, %t", first, err, answer.Deflated)
		}
		if err == nil && answer.Deflated {
			if _, ok := oracleSelectDeflate(values[:1], wsproto.Deflate{}); !ok {
				t.Fatalf("%q was accepted as an answer", first)
			}
		}
	})
}
