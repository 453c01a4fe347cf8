package million_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/million"
)

// entry is what the kernel makes of one.
type entry struct {
	Name         string
	Mode         int64
	Major, Minor int64
	Content      string
}

func TestArchive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := million.Archive(&b, path); err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{Name: "dev", Mode: 0o40755},
		{Name: "dev/null", Mode: 0o20600, Major: 1, Minor: 3},
		{Name: "job", Mode: 0o100755, Content: "12345"},
		{Name: "bin", Mode: 0o100755, Content: "#!/bin/x\n"},
		{Name: "TRAILER!!!"},
	}
	if diff := cmp.Diff(want, parse(t, b.String())); diff != "" {
		t.Error(diff)
	}
}

// parse reads an archive by the kernel's document about it.
func parse(t *testing.T, rest string) (all []entry) {
	t.Helper()
	take := func(n int) string {
		if n > len(rest) {
			t.Fatalf("%d bytes are missing after %d entries", n-len(rest), len(all))
		}
		p := rest[:n]
		rest = rest[n:]
		return p
	}
	for rest != "" {
		if magic := take(6); magic != "070701" {
			t.Fatalf("entry %d begins with %q", len(all), magic)
		}
		var v [13]int64
		for i := range v {
			var err error
			if v[i], err = strconv.ParseInt(take(8), 16, 64); err != nil {
				t.Fatal(err)
			}
		}
		const mode, size, major, minor, name, header = 1, 6, 9, 10, 11, 110
		e := entry{Mode: v[mode], Major: v[major], Minor: v[minor]}
		e.Name = strings.TrimSuffix(take(int(v[name])), "\x00")
		take(-(header + int(v[name])) & 3)
		e.Content = take(int(v[size]))
		take(-int(v[size]) & 3)
		all = append(all, e)
	}
	return all
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("full")

func TestArchiveTellsErrors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{0, 200, 600} {
		if err := million.Archive(&full{left}, path); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", left, err)
		}
	}
	if err := million.Archive(&bytes.Buffer{}, path+"-not"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
