package original_test

import (
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// added is what the drop-in has and the original does not: methods of Conn, and nothing else.
var added = map[string]string{
	"method (*Conn).OnMessage": "messages without a goroutine",
	"method (*Conn).OnClose":   "and their end",
}

// comparableType is said of a type that may be a map's key. One more such type breaks no program.
const comparableType = "comparable type "

// TestAPI compares what the two packages export: all names, kinds, values, types, fields and methods.
func TestAPI(t *testing.T) {
	t.Parallel()
	original, dropIn := api(t, originalPath), api(t, dropInPath)
	for _, name := range slices.Sorted(maps.Keys(original)) {
		switch got, ok := dropIn[name]; {
		case !ok:
			t.Errorf("%s is missing", name)
		case got != original[name]:
			t.Errorf("%s\n is %s\nnot %s", name, got, original[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dropIn)) {
		if _, ok := original[name]; !ok && added[name] == "" && !strings.HasPrefix(name, comparableType) {
			t.Errorf("%s is not the original's", name)
		}
	}
	t.Logf("%d names of the original, %d here", len(original), len(dropIn))
}

// api is what a package exports, by kind and name.
func api(t *testing.T, path string) map[string]string {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode:    packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax | packages.NeedTypesInfo,
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded) != 1 || packages.PrintErrors(loaded) > 0 {
		t.Fatalf("%s: %d packages, or errors", path, len(loaded))
	}
	pkg := loaded[0].Types
	a := surface{names: map[string]string{"package " + pkg.Name(): ""}, pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(name); o.Exported() {
			a.object(o)
		}
	}
	return a.names
}

type surface struct {
	names map[string]string
	pkg   *types.Package
}

// text is a type with the package's own names without its path.
func (a surface) text(t types.Type) string {
	s := types.TypeString(t, func(p *types.Package) string {
		if p == a.pkg {
			return "websocket"
		}
		return p.Path()
	})
	return strings.ReplaceAll(s, "interface{}", "any")
}

func (a surface) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		a.names["const "+o.Name()] = fmt.Sprint(a.text(o.Type()), " ", o.Val().Kind() == constant.Int, " ", o.Val().ExactString())
	case *types.Var:
		a.names["var "+o.Name()] = a.text(o.Type())
	case *types.Func:
		a.names["func "+o.Name()] = a.text(o.Type())
	case *types.TypeName:
		a.typeName(o)
	}
}

func (a surface) typeName(o *types.TypeName) {
	a.names["type "+o.Name()] = fmt.Sprintf("alias %t", o.IsAlias())
	if types.Comparable(o.Type()) {
		a.names[comparableType+o.Name()] = ""
	}
	switch u := o.Type().Underlying().(type) {
	case *types.Struct:
		a.names["type "+o.Name()] += ", a struct"
		for i := range u.NumFields() {
			f := u.Field(i)
			if f.Exported() {
				a.names["field "+o.Name()+"."+f.Name()] = fmt.Sprint(a.text(f.Type()), " embedded ", f.Embedded(), " tag ", u.Tag(i))
			}
		}
	default:
		a.names["type "+o.Name()] += ", " + a.text(u)
	}
	if types.IsInterface(o.Type()) {
		return
	}
	value := types.NewMethodSet(o.Type())
	for m := range types.NewMethodSet(types.NewPointer(o.Type())).Methods() {
		f := m.Obj()
		if !f.Exported() {
			continue
		}
		recv := "*" + o.Name()
		if value.Lookup(a.pkg, f.Name()) != nil {
			recv = o.Name()
		}
		a.names["method ("+recv+")."+f.Name()] = a.text(m.Type())
	}
}
