package neighbours_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/build"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A neighbour that cannot be changed imports the original. Here it is built with another go.mod, which replaces the
// original's module by one of aliases for the package under test: the types are the same types, with all their methods.

// modFlags are what the go command needs to build a neighbour on the package under test.
func modFlags(t *testing.T) []string {
	t.Helper()
	if *underTest == original {
		return nil
	}
	dir := builds.once(t, "aliases of "+*underTest, makeAliases)
	return []string{"-modfile=" + filepath.Join(dir, "neighbours.mod"), "-mod=mod"}
}

// makeAliases makes the module and the go.mod that uses it, both in dir.
func makeAliases(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	list, err := goTool("list", "-f", "{{.Dir}}\n{{.Module.Path}}", *underTest)
	if err != nil {
		return err
	}
	from, module, _ := strings.Cut(strings.TrimSpace(string(list)), "\n")
	src, err := aliases(from, *underTest)
	if err != nil {
		return err
	}
	gomod := fmt.Sprintf("module %s\n\ngo 1.26.0\n\nrequire %s v0.0.0\n", original, module)
	root, err := goTool("list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return err
	}
	ours, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		"aliases.go": src, "go.mod": []byte(gomod), "neighbours.mod": ours, "neighbours.sum": sums,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	_, err = goTool("mod", "edit", "-replace="+original+"="+dir,
		"-replace="+module+"="+strings.TrimSpace(string(root)), filepath.Join(dir, "neighbours.mod"))
	return err
}

// aliases gives a package that has every exported name of the one in dir, whose import path is path.
func aliases(dir, path string) ([]byte, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	names := map[token.Token][]string{}
	fset := token.NewFileSet()
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			exported(d, names)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "package websocket\n\nimport impl %q\n", path)
	for _, kind := range []token.Token{token.CONST, token.TYPE, token.VAR, token.FUNC} {
		slices.Sort(names[kind])
		keyword := kind
		if kind == token.FUNC {
			keyword = token.VAR // a function's value is called like the function
		}
		for _, name := range names[kind] {
			fmt.Fprintf(&b, "%s %s = impl.%s\n", keyword, name, name)
		}
	}
	return format.Source(b.Bytes())
}

// exported adds to names what d declares.
func exported(d ast.Decl, names map[token.Token][]string) {
	add := func(kind token.Token, id *ast.Ident) {
		if id.IsExported() {
			names[kind] = append(names[kind], id.Name)
		}
	}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add(token.FUNC, d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				add(d.Tok, s.Name)
			case *ast.ValueSpec:
				for _, id := range s.Names {
					add(d.Tok, id)
				}
			}
		}
	}
}
