package neighbours_test

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var watchURL = regexp.MustCompile(`"(ws:.*?lastMod=[0-9a-f]+)"`)

func TestFilewatch(t *testing.T) {
	eachVariant(t, examples("filewatch"), func(t *testing.T, x example) {
		file := filepath.Join(t.TempDir(), "watched")
		write := func(text string, age time.Duration) {
			t.Helper()
			if err := os.WriteFile(file+".new", []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			then := time.Now().Add(-age)
			if err := os.Chtimes(file+".new", then, then); err != nil {
				t.Fatal(err)
			}
			// Whoever looks sees the old file or the new one.
			if err := os.Rename(file+".new", file); err != nil {
				t.Fatal(err)
			}
		}
		write("as it was", time.Hour)
		server := x.start(t, file)
		status, page := fetch(t, "http://"+server.addr+"/")
		if status != 200 || !strings.Contains(page, "as it was") {
			t.Fatalf("the page: %d %q", status, page)
		}
		m := watchURL.FindStringSubmatch(strings.ReplaceAll(html.UnescapeString(page), `\/`, "/"))
		if m == nil {
			t.Fatalf("no URL of the WebSocket in %q", page)
		}
		watchers := make([]peer, 0, len(peers))
		for _, dial := range peers {
			watchers = append(watchers, dial(t, m[1]))
		}
		// The program looks every second, or every ten.
		write("as it is", time.Minute)
		for _, w := range watchers {
			if got := w.receive(); got != "as it is" {
				t.Errorf("the file is %q", got)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		for _, w := range watchers {
			if got := w.receive(); !strings.Contains(got, "no such file") {
				t.Errorf("the file that is gone is %q", got)
			}
		}
		for _, w := range watchers {
			if code := w.end(1000); code != 1000 {
				t.Errorf("the close frame was answered by %d", code)
			}
		}
	})
}
