package main_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// offer is a permessage-deflate that a client offers, as it is told to, and the
// extension that must be agreed on; empty is none.
type offer struct{ ask, agreed string }

const (
	deflated = "permessage-deflate"
	noServer = "; server_no_context_takeover"
	noClient = "; client_no_context_takeover"
	server8  = "; server_max_window_bits=8"
	server9  = "; server_max_window_bits=9"
	client9  = "; client_max_window_bits=9"
)

// deflateTalk runs a client that holds one conversation for each offer with one
// server, and prints told about each.
func deflateTalk(t *testing.T, flags, client []string, told string, offers ...offer) {
	t.Helper()
	client = append(client, servePeers(t, append([]string{"-l", "ws://127.0.0.1:0/"}, flags...)...).urls...)
	var want strings.Builder
	for _, o := range offers {
		if o.ask != "" {
			client = append(client, o.ask)
		}
		without := func(parameter string) string {
			return strconv.FormatBool(o.agreed != "" && !strings.Contains(o.agreed, parameter))
		}
		r := strings.NewReplacer("$EXTENSION", o.agreed, "$EITHER", without("none"),
			"$SERVER", without(noServer), "$CLIENT", without(noClient))
		_, _ = r.WriteString(&want, told)
	}
	got := output(t, "", client[0], client[1:]...)
	if d := cmp.Diff(want.String(), got); d != "" {
		t.Errorf("conversations (-want +got):\n%s", d)
	}
}

func TestNodeDeflate(t *testing.T) {
	t.Parallel()
	const told = `extensions: $EXTENSION
text: 0 1 125 126 127 65535 65536 204800 1048576
binary: 0 1 125 126 127 65535 65536 204800
periods: 250 260 500 600 1100 2100 4200 9000 17000 33000
fragments: 39 pongs
in order: 200
compressed by server, client: $EITHER $EITHER
taken over by server, client: $SERVER $CLIENT
close: 4001
`
	for _, c := range []struct {
		name   string
		flags  []string
		offers []offer
	}{
		{"declined", nil, []offer{{`{"threshold":0}`, ""}, {`false`, ""}}},
		{"compress", []string{"--compress"}, []offer{
			{`{"threshold":0}`, deflated + noServer + noClient},
			{`{"threshold":0,"clientMaxWindowBits":9,"serverMaxWindowBits":8}`, deflated + noServer + noClient + server8 + client9},
			{`false`, ""},
		}},
		{"takeover", []string{"--compress", "--compress-takeover", "--compress-level", "6"}, []offer{
			{`{"threshold":0}`, deflated},
			{`{"threshold":0,"serverNoContextTakeover":true}`, deflated + noServer},
			{`{"threshold":0,"clientNoContextTakeover":true}`, deflated + noClient},
			{`{"threshold":0,"serverMaxWindowBits":8}`, deflated + server8},
			{`{"threshold":0,"serverMaxWindowBits":9,"clientMaxWindowBits":9}`, deflated + server9 + client9},
			{`{"threshold":0,"serverMaxWindowBits":12,"clientMaxWindowBits":false}`, deflated + "; server_max_window_bits=12"},
			{`{"threshold":0,"serverMaxWindowBits":15}`, deflated + "; server_max_window_bits=15"},
		}},
		{"small window", []string{"--compress", "--compress-takeover", "--compress-window-bits", "9", "--compress-threshold", "0"}, []offer{
			{`{"threshold":0}`, deflated + server9 + client9},
			{`{"threshold":0,"serverMaxWindowBits":8,"clientMaxWindowBits":10}`, deflated + server8 + client9},
			// What a client cannot make smaller it must do without.
			{`{"threshold":0,"clientMaxWindowBits":false}`, deflated + noClient + server9},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deflateTalk(t, c.flags, nodeWS(t, "ws_deflate.js"), told, c.offers...)
		})
	}
}

func TestPythonDeflate(t *testing.T) {
	t.Parallel()
	const told = `extensions: $EXTENSION
text: 0 1 125 126 127 65535 65536 204800 1048576
binary: 0 1 125 126 127 65535 65536 204800
periods: 250 260 500 600 1100 2100 4200 9000 17000 33000
fragments: 7
in order: 200
compressed by server, client: $EITHER $EITHER
taken over by server, client: $SERVER $CLIENT
close: 4001
`
	for _, c := range []struct {
		name   string
		flags  []string
		offers []offer
	}{
		{"declined", nil, []offer{{`{}`, ""}}},
		{"compress", []string{"--compress"}, []offer{
			{`{}`, deflated + noServer + noClient},
			{`{"server_max_window_bits":9,"client_max_window_bits":10}`, deflated + noServer + noClient + server9 + "; client_max_window_bits=10"},
		}},
		{"takeover", []string{"--compress", "--compress-takeover"}, []offer{
			{`{}`, deflated},
			{`{"server_no_context_takeover":true}`, deflated + noServer},
			{`{"client_no_context_takeover":true}`, deflated + noClient},
			{`{"server_max_window_bits":9,"client_max_window_bits":9}`, deflated + server9 + client9},
			{`{"server_max_window_bits":8,"client_max_window_bits":null}`, deflated + server8},
		}},
		{"small window", []string{"--compress", "--compress-takeover", "--compress-window-bits", "9", "--compress-level", "9"}, []offer{
			{`{}`, deflated + server9 + client9},
			{`{"client_max_window_bits":null}`, deflated + noClient + server9},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deflateTalk(t, c.flags, pythonWS(t, "python_deflate.py"), told, c.offers...)
		})
	}
}

func TestUndiciDeflate(t *testing.T) {
	t.Parallel()
	const told = `extensions: $EXTENSION
text: 0 1 125 126 127 65535 65536 204800 1048576
binary: 0 1 125 126 127 65535 65536 204800
periods: 250 260 500 600 1100 2100 4200 9000 17000 33000
in order: 200
close: 4001 true
`
	for _, c := range []struct {
		name  string
		flags []string
		offer offer
	}{
		{"declined", nil, offer{"", ""}},
		{"compress", []string{"--compress"}, offer{"", deflated + noServer + noClient}},
		{"takeover", []string{"--compress", "--compress-takeover"}, offer{"", deflated}},
		{"small window", []string{"--compress", "--compress-takeover", "--compress-window-bits", "9"}, offer{"", deflated + server9 + client9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deflateTalk(t, c.flags, nodeWith(t, "undici", "undici_deflate.js"), told, c.offer)
		})
	}
}

func TestCoderDeflate(t *testing.T) {
	t.Parallel()
	const told = `extensions: $EXTENSION
text: 0 1 125 126 127 65535 65536 204800 1048576
binary: 0 1 125 126 127 65535 65536 204800
fragments: 3
in order: 200
compressed by server, client: $EITHER $EITHER
taken over by server, client: $SERVER $CLIENT
close: 4001
`
	dir := goPeers(t)
	for _, c := range []struct {
		name   string
		flags  []string
		offers []offer
	}{
		{"declined", nil, []offer{{"takeover", ""}, {"no takeover", ""}, {"none", ""}}},
		{"compress", []string{"--compress"}, []offer{
			{"takeover", deflated + noServer + noClient}, {"no takeover", deflated + noServer + noClient}, {"none", ""},
		}},
		{"takeover", []string{"--compress", "--compress-takeover"}, []offer{
			{"takeover", deflated}, {"no takeover", deflated + noServer + noClient},
		}},
		{"small window", []string{"--compress", "--compress-takeover", "--compress-window-bits", "10"}, []offer{
			{"takeover", deflated + noClient + "; server_max_window_bits=10"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deflateTalk(t, c.flags, []string{filepath.Join(dir, "coder")}, told, c.offers...)
		})
	}
}
