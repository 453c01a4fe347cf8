package original_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ast/astutil"
)

const (
	originalPath = "github.com/fasthttp/websocket"
	dropInPath   = "github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// left are the functions of the original's tests that are left out.
var left = map[string]string{
	"TestConcurrentWritePanic": "writers may be concurrent here: there is nothing to panic about",
	"TestTruncWriter":          "tests a type inside the original that has no like here",
	"xTestBufioReuse":          "is switched off in the original (no Test in its name), and names fields that are not here",
}

// edits are lines of the original's tests that set or look at a field of its Conn.
var edits = []struct{ file, old, new, reason string }{
	{"conn_test.go", "wc.newCompressionWriter = compressNoContextTakeover", "wc.deflate()", deflateReason},
	{"conn_test.go", "rc.newDecompressionReader = decompressNoContextTakeover", "rc.deflate()", deflateReason},
	{"conn_test.go", "writeBuf[i] = byte(i)", "writeBuf[i] = byte(i) & 0x7f", textReason},
	{"conn_test.go", "if byte(i) != b {", "if byte(i)&0x7f != b {", textReason},
	{"compression_test.go", "c.newCompressionWriter = compressNoContextTakeover", "c.deflate()", deflateReason},
	{"compression_test.go", "c.enableWriteCompression = true", "c.EnableWriteCompression(true)", "the field is named otherwise"},
	{"prepared_test.go", "c.newCompressionWriter = compressNoContextTakeover", "c.deflate()", deflateReason},
	{"conn_broadcast_test.go", "c.newCompressionWriter = compressNoContextTakeover", "c.deflate()", deflateReason},
	{"conn_broadcast_test.go", "c.enableWriteCompression = true", "c.EnableWriteCompression(true)", "the field is named otherwise"},
	{"conn_test.go", "wc.writeBuf", "heldWriteBuf(wc)", "the buffer is the writer's, not the connection's"},
	{"example_test.go", `"` + originalPath + `"`, `"` + dropInPath + `"`, "the changed import path, which is the point"},
}

const deflateReason = "agreeing to compression is a flag here, not a function to be called"

const textReason = "text that is not UTF-8 is refused here"

// TestSuite runs the original's own tests against the drop-in.
func TestSuite(t *testing.T) {
	t.Parallel()
	original, root := dirOf(t, originalPath), moduleRoot(t)
	target := filepath.Join(root, "adapters", "fasthttp", "websocket")
	overlay := map[string]string{}
	for _, own := range glob(t, target, "*_test.go") {
		overlay[own] = "" // only theirs
	}
	shim, err := filepath.Abs(filepath.Join("testdata", "shim_test.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	overlay[filepath.Join(target, "zz_shim_test.go")] = shim

	var want []string
	used := map[string]bool{}
	for _, file := range glob(t, original, "*_test.go") {
		text, tests := adapt(t, file, used)
		want = append(want, tests...)
		path := filepath.Join(t.TempDir(), filepath.Base(file))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(target, "zz_"+filepath.Base(file))] = path
	}
	for name := range left {
		if !used[name] {
			t.Errorf("there is no %s to be left out", name)
		}
	}
	for _, e := range edits {
		if !used[e.file+e.old] {
			t.Errorf("there is no %q in %s", e.old, e.file)
		}
	}
	for run, args := range map[string][]string{"plain": nil, "race": {"-race"}} {
		t.Run(run, func(t *testing.T) {
			passed := runTests(t, root, overlay, args)
			for _, name := range want {
				if !slices.Contains(passed, name) {
					t.Errorf("%s did not pass", name)
				}
			}
			t.Logf("%d of %d tests of the original pass; left out: %d of its functions; edits: %d", len(passed), len(want), len(left), len(edits))
		})
	}
}

// adapt is a file of the original's tests with the functions left out and the edits made, and the names of its tests.
func adapt(t *testing.T, file string, used map[string]bool) (text []byte, tests []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(file)
	for _, e := range edits {
		if e.file == base && bytes.Contains(text, []byte(e.old)) {
			text = bytes.ReplaceAll(text, []byte(e.old), []byte(e.new))
			used[base+e.old] = true
		}
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil {
			return false
		}
		name := fn.Name.Name
		if left[name] != "" {
			used[name] = true
			f.Comments = slices.DeleteFunc(f.Comments, func(c *ast.CommentGroup) bool { return c.Pos() >= fn.Pos() && c.End() <= fn.End() })
			return true
		}
		if strings.HasPrefix(name, "Test") && name != "TestMain" {
			tests = append(tests, name)
		}
		return false
	})
	for _, group := range astutil.Imports(fset, f) {
		for _, spec := range group {
			if path := strings.Trim(spec.Path.Value, `"`); !astutil.UsesImport(f, path) {
				astutil.DeleteImport(fset, f, path)
			}
		}
	}
	var b bytes.Buffer
	if err := format.Node(&b, fset, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), tests
}

// runTests runs what the overlay holds, and returns the tests that passed.
func runTests(t *testing.T, root string, overlay map[string]string, args []string) (passed []string) {
	t.Helper()
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"test", "-overlay", path, "-json", "-count=1", "-vet=off", "-timeout=300s"}, args...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, dropInPath)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v", cmd.Args, err)
	}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(s.Bytes(), &e) != nil {
			t.Log(s.Text())
			continue
		}
		switch {
		case e.Action == "pass" && e.Test != "" && !strings.Contains(e.Test, "/"):
			passed = append(passed, e.Test)
		case e.Action == "fail" || err != nil && e.Action == "output" || e.Action == "build-output":
			t.Log(e.Action, e.Test, strings.TrimSuffix(e.Output, "\n"))
		}
	}
	return passed
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// dirOf is where the source of a package is.
func dirOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "..", "..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}
