package floors_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's root, seen from this package, where go test runs us.
const root = "../../.."

// TestFloors holds every Go file of the module against the rules. It reads the files
// instead of asking go list: that sees the files of every build tag and operating system
// at once, and what a test opens is what go test's cache watches, so a cached pass is
// never older than the tree.
func TestFloors(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if line, _, _ := strings.Cut(string(mod), "\n"); strings.TrimSpace(line) != "module "+module {
		t.Fatalf("go.mod begins with %q; the rules are written for %s", line, module)
	}

	files := 0
	homeless := map[string]bool{}
	parties := map[string]map[string]string{} // adapter -> third party -> the file that brought it in
	eachFile(t, func(f file, syntax *ast.File, fset *token.FileSet) {
		files++
		at := path.Join(f.dir, f.name)
		if floor(f.dir) == nowhere && !homeless[f.dir] {
			homeless[f.dir] = true
			t.Errorf("package %s is on no floor: DESIGN.md section 1 gives each package one, and func floor here follows it", f.dir)
		}
		for _, spec := range syntax.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatalf("%s: %v", fset.Position(spec.Pos()), err)
			}
			if text := broken(f, imp); text != "" {
				t.Errorf("%s imports %s: %s", at, imp, text)
			}
			if p := party(imp); floor(f.dir) == 3 && !f.test() && p != "" && !strings.HasPrefix(imp, module+"/") {
				adapter := room(f.dir)
				if parties[adapter] == nil {
					parties[adapter] = map[string]string{}
				}
				parties[adapter][p] = at
			}
		}
		if floor(f.dir) == 0 && !f.test() {
			ast.Inspect(syntax, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s starts a goroutine: codec (floor 0) is pure functions on []byte", fset.Position(g.Pos()))
				}
				return true
			})
		}
	})
	if files == 0 {
		t.Fatal("no Go file found: the walk is broken")
	}
	for adapter, from := range parties {
		if len(from) > 1 {
			t.Errorf("%s imports %d third parties, an adapter joins one: %s",
				adapter, len(from), strings.Join(slices.Sorted(maps.Keys(from)), ", "))
		}
	}
}

// eachFile parses every Go file that belongs to the module: not what the go command
// skips, nor nested modules such as bench/rivals.
func eachFile(t *testing.T, visit func(f file, syntax *ast.File, fset *token.FileSet)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == root {
			return nil
		}
		if d.IsDir() {
			if base := d.Name(); base[0] == '.' || base[0] == '_' || base == "testdata" || base == "vendor" {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || d.Name()[0] == '.' || d.Name()[0] == '_' {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir, base := path.Split(filepath.ToSlash(rel))
		mode := parser.SkipObjectResolution
		if !within(path.Clean(dir), "codec") {
			mode |= parser.ImportsOnly // the bodies matter on floor 0 alone
		}
		syntax, err := parser.ParseFile(fset, name, nil, mode)
		if err != nil {
			return err
		}
		visit(file{path.Clean(dir), base}, syntax, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
