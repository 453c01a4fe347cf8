package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/result"
)

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, diff)
	}
}

// TestFull keeps testdata/full.json what made tells.
func TestFull(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := made(1).Write(&b); err != nil {
		t.Fatal(err)
	}
	if _, err := result.Read(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatal(err)
	}
	golden(t, "full.json", b.Bytes())
}
