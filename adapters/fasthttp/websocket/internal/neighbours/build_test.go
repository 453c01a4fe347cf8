package neighbours_test

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// builds keeps what was compiled, for the whole run: a program is used by several tests.
var builds = binaries{made: map[string]func() (string, error){}}

type binaries struct {
	mu   sync.Mutex
	dir  string
	made map[string]func() (string, error)
}

// once gives the path of the file that make makes, and makes it only the first time that key is asked for.
func (b *binaries) once(t *testing.T, key string, build func(out string) error) string {
	t.Helper()
	b.mu.Lock()
	if b.dir == "" {
		dir, err := os.MkdirTemp("", "sockeye-neighbours-")
		if err != nil {
			b.mu.Unlock()
			t.Fatal(err)
		}
		b.dir = dir
	}
	f, ok := b.made[key]
	if !ok {
		out := filepath.Join(b.dir, strconv.Itoa(len(b.made)))
		f = sync.OnceValues(func() (string, error) { return out, build(out) })
		b.made[key] = f
	}
	b.mu.Unlock()
	path, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *binaries) remove() {
	if b.dir != "" {
		os.RemoveAll(b.dir)
	}
}

// goTool runs the go command in this module.
func goTool(args ...string) ([]byte, error) {
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		var text []byte
		if exit, ok := err.(*exec.ExitError); ok {
			text = exit.Stderr
		}
		return nil, fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), err, out, text)
	}
	return out, nil
}

// goBuild compiles what args name to the file out.
func goBuild(out string, args ...string) error {
	build := []string{"build", "-o", out}
	if raceEnabled {
		build = append(build, "-race")
	}
	_, err := goTool(append(build, args...)...)
	return err
}

// moduleDir is where the module cache has a module that go.mod requires; the module is fetched if it is not there.
func moduleDir(module string) (string, error) {
	text, err := goTool("mod", "download", "-json", module)
	if err != nil {
		return "", err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(text, &m); err != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, err)
	}
	return m.Dir, nil
}

// withImport gives the source of a file in which one import path is another one, and how many imports that were.
// Everything else is as it was, byte for byte.
func withImport(src []byte, from, to string) ([]byte, int, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly)
	if err != nil {
		return nil, 0, err
	}
	var changed []byte
	n, last := 0, 0
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(from) {
			continue
		}
		start, end := fset.Position(spec.Path.Pos()).Offset, fset.Position(spec.Path.End()).Offset
		changed = append(append(changed, src[last:start]...), strconv.Quote(to)...)
		last = end
		n++
	}
	return append(changed, src[last:]...), n, nil
}
