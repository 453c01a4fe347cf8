package main_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deflations is what deflate.html posts.
type deflations struct {
	Error string
	Seen  []deflation
}

type deflation struct {
	Extensions  string
	Texts       int // messages that came back as they went
	Binaries    int
	ManyInOrder int
	Code        int
}

// A page in a browser offers permessage-deflate by itself, and cannot help it.
func TestChromiumDeflate(t *testing.T) {
	t.Parallel()
	needs(t, "chromium")
	query := url.Values{}
	var want deflations
	for _, c := range []struct{ flags, agreed string }{
		{"--compress", deflated + noServer + noClient},
		{"--compress --compress-takeover --compress-level 9", deflated},
		{"--compress --compress-takeover --compress-window-bits 9", deflated + server9 + client9},
	} {
		args := append([]string{"-l", "ws://127.0.0.1:0/", "--origin", anyPort}, strings.Fields(c.flags)...)
		query.Add("echo", servePeers(t, args...).urls[0])
		want.Seen = append(want.Seen, deflation{c.agreed, 9, 13, 200, 3002})
	}
	if d := cmp.Diff(want, visit[deflations](t, "deflate.html", query)); d != "" {
		t.Errorf("the page saw (-want +got):\n%s", d)
	}
}
