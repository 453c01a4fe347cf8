package neighbours_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// example is a program of one of the projects' examples.
type example struct {
	variant string
	module  string   // whose example it is, and what it imports
	dir     string   // in the module; the program runs there, for its home.html
	files   []string // of the program, since a directory may hold two; nil is all
}

// examples are the variants of an example of the given name, which is also the
// folder's: for net/http and for fasthttp by fasthttp/websocket, for net/http by gorilla.
func examples(name string, files ...string) []example {
	return []example{
		{"nethttp", original, "_examples/" + name, files},
		{"fasthttp", original, "_examples/" + name + "/fasthttp", files},
		{"gorilla", gorillas, "examples/" + name, files},
	}
}

// repairs keep an example from being left out because its own project cannot compile it.
var repairs = map[string][2]string{
	"_examples/filewatch/fasthttp/main.go": {"io.ReadFile(", "os.ReadFile("}, // there is no io.ReadFile
}

// eachVariant runs test on every variant of an example, built on the package under test.
func eachVariant(t *testing.T, variants []example, test func(t *testing.T, x example)) {
	t.Parallel()
	for _, x := range variants {
		t.Run(x.variant, func(t *testing.T) {
			t.Parallel()
			test(t, x)
		})
	}
}

// start runs the example until the test ends; args come behind its address.
func (x example) start(t *testing.T, args ...string) *program {
	t.Helper()
	return serve(t, x.build(t, *underTest), x.home(t), args...)
}

// home is the directory of the module cache that the example is in.
func (x example) home(t *testing.T) string {
	t.Helper()
	dir, err := moduleDir(x.module)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, x.dir)
}

// build compiles the example on the package at the import path websocket.
func (x example) build(t *testing.T, websocket string) string {
	t.Helper()
	home := x.home(t)
	key := fmt.Sprint(websocket, " ", home, x.files)
	return builds.once(t, key, func(out string) error {
		dir := out + ".src"
		if err := os.Mkdir(dir, 0o777); err != nil {
			return err
		}
		files, err := x.rewrite(home, dir, websocket)
		if err != nil {
			return err
		}
		// Files that are named one by one are compiled in spite of the "ignore" that some carry, and what they
		// import is what this module says.
		return goBuild(out, files...)
	})
}

// rewrite puts the example's files into dir, with the other import path.
func (x example) rewrite(home, dir, websocket string) (files []string, err error) {
	names := x.files
	if names == nil {
		paths, err := filepath.Glob(filepath.Join(home, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			names = append(names, filepath.Base(path))
		}
	}
	imports := 0
	for _, name := range names {
		src, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			return nil, err
		}
		if r, ok := repairs[x.dir+"/"+name]; ok {
			if !bytes.Contains(src, []byte(r[0])) {
				return nil, fmt.Errorf("%s/%s needs no repair any more", x.dir, name)
			}
			src = bytes.ReplaceAll(src, []byte(r[0]), []byte(r[1]))
		}
		src, n, err := withImport(src, x.module, websocket)
		if err != nil {
			return nil, err
		}
		imports += n
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, src, 0o666); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	if imports == 0 {
		return nil, fmt.Errorf("%s %v does not import %s", home, names, x.module)
	}
	return files, nil
}
