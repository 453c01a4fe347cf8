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
binary: 0 1 125 126 127 65535 65536 204800 1048576
periods: 250 260 500 600 1100 2100 4200 9000 17000 40000
fragments: 39 pongs
in order: 500
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
binary: 0 1 125 126 127 65535 65536 204800 1048576
periods: 250 260 500 600 1100 2100 4200 9000 17000 40000
fragments: 7
in order: 500
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
binary: 0 1 125 126 127 65535 65536 204800 1048576
periods: 250 260 500 600 1100 2100 4200 9000 17000 40000
in order: 500
close: 4001 true
`
	for _, c := range []struct {
		name  string
		flags []string
		offer offer
	}{
		{"declined", nil, offer{"", ""}},
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
binary: 0 1 125 126 127 65535 65536 204800 1048576
fragments: 3
in order: 500
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
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			deflateTalk(t, c.flags, []string{filepath.Join(dir, "coder")}, told, c.offers...)
		})
	}
}
