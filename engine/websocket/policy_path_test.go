package websocket_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// errConflict is what the oracle says of patterns that it does not take.
var errConflict = errors.New("ServeMux panics")

// muxRoute asks net/http.ServeMux; redirected tells that it would send the
// client elsewhere.
func muxRoute(patterns []string, target string, names ...string) (pattern string, values []string, redirected bool, err error) {
	defer func() {
		if recover() != nil {
			err = errConflict
		}
	}()
	mux := http.NewServeMux()
	reached := false
	for _, p := range patterns {
		mux.HandleFunc(p, func(_ http.ResponseWriter, r *http.Request) {
			reached, pattern = true, r.Pattern
			for _, name := range names {
				values = append(values, r.PathValue(name))
			}
		})
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return "", nil, false, err
	}
	w := &status{}
	mux.ServeHTTP(w, &http.Request{Method: "GET", URL: u, Host: "h", RequestURI: target})
	return pattern, values, !reached && w.code != http.StatusNotFound, nil
}

// status is an http.ResponseWriter that keeps the status.
type status struct{ code int }

func (s *status) Header() http.Header         { return http.Header{} }
func (s *status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(code int)        { s.code = code }

func TestPaths(t *testing.T) {
	t.Parallel()
	all := []string{
		"/chat", "/chat/{room}", "/chat/{room}/{$}", "/chat/lobby", "/chat/{room}/log/{rest...}", "/files/", "/files/a%2Fb/x", "/one/{$}",
		"/grüße", "/100%25", "/{any}/deep/{x}", "/ws/{id}/a", "/ws/{id}/{b}",
	}
	const names = "room rest any x id b absent"
	for _, target := range []string{
		"/chat", "/chat/lobby", "/chat/kitchen", "/chat/kitchen/", "/chat/", "/chat/a%20b", "/chat/a%2Fb", "/chat/%63", "/ch%61t/x",
		"/chat/a/log/", "/chat/a/log", "/chat/a/log/b/c%2f/d", "/files/", "/files/a", "/files/a/", "/files/a%2fb/x", "/files/a/b/x",
		"/one", "/one/", "/one/two", "/gr%C3%BC%C3%9Fe", "/100%25", "/100%", "/other/deep/1", "/ws/1/a", "/ws/1/b", "/ws/1", "/", "/chat//",
		"/chat/./x", "/chat/x/../y", "/CHAT", "/nothing", "/chat/{room}",
	} {
		checkRoute(t, all, target, strings.Fields(names))
	}
	checkRoute(t, []string{"/"}, "/anything/at/all", nil)
	checkRoute(t, []string{"/", "/a/", "/a/b/{x...}", "/a/b/c"}, "/a/b/c", []string{"x"})
	checkRoute(t, []string{"/{$}"}, "/", nil)
	checkRoute(t, []string{"/{$}"}, "/a", nil)
	checkRoute(t, nil, "/", nil)
}

// checkRoute compares with ServeMux, but for what it would redirect.
func checkRoute(t testing.TB, patterns []string, target string, names []string) {
	t.Helper()
	theirs, theirValues, redirected, err := muxRoute(patterns, target, names...)
	if err != nil && err != errConflict {
		return // not a target that the parser would let through
	}
	ours, ourValues, ourErr := websocket.Route(patterns, target, names...)
	switch {
	case (err == nil) != (ourErr == nil):
		t.Errorf("%q: %v; ServeMux: %v", patterns, ourErr, err)
	case err != nil:
	case redirected: // to a path with a slash, or to a clean one
	case ours != theirs || fmt.Sprint(ourValues) != fmt.Sprint(theirValues):
		t.Errorf("%q: %s: %q %q; ServeMux has %q %q", patterns, target, ours, ourValues, theirs, theirValues)
	}
}

// TestPathsNotClean is where we differ from ServeMux: no redirect, and no value
// that leads out of a tree.
func TestPathsNotClean(t *testing.T) {
	t.Parallel()
	patterns := []string{"/{rest...}", "/a/", "/a/{x}/c", "/b/{y}/{$}"}
	for target, want := range map[string]string{
		"/":             "/{rest...}",
		"/a":            "/{rest...}", // ServeMux: 307 to /a/
		"/a//c":         "",
		"//":            "",
		"//a":           "",
		"/a/../c":       "",
		"/a/./c":        "",
		"/a/..":         "",
		"/a/.":          "",
		"/a/%2e%2E/c":   "", // ServeMux takes it for {x}
		"/a/%2e/c":      "",
		"/a/...":        "/a/",
		"/a/.x./c":      "/a/{x}/c",
		"/a/%2e%2e%2fc": "/a/", // one segment, "../c"
		"/b/%2F/":       "/b/{y}/{$}",
	} {
		if got, _, err := websocket.Route(patterns, target); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", target, got, err, want)
		}
	}
}

func TestPathsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		patterns []string
		want     string
	}{
		{[]string{""}, `"": a path begins with a slash`},
		{[]string{"chat"}, `"chat": a path begins with a slash`},
		{[]string{"GET /chat"}, `"GET /chat": a path begins with a slash`},
		{[]string{"h/chat"}, `"h/chat": a path begins with a slash`},
		{[]string{"/a{b}"}, `"/a{b}": a wildcard is a whole segment`},
		{[]string{"/{b}a"}, `"/{b}a": a wildcard is a whole segment`},
		{[]string{"/{"}, `"/{": a wildcard is a whole segment`},
		{[]string{"/{}"}, `"/{}": {}: the name of a wildcard is a Go identifier`},
		{[]string{"/{...}"}, `"/{...}": {...}: the name of a wildcard is a Go identifier`},
		{[]string{"/{1}"}, `"/{1}": {1}: the name of a wildcard is a Go identifier`},
		{[]string{"/{a b}"}, `"/{a b}": {a b}: the name of a wildcard is a Go identifier`},
		{[]string{"/{a...}/b"}, `"/{a...}/b": {a...} is not at the end`},
		{[]string{"/{$}/b"}, `"/{$}/b": {$}: the name of a wildcard is a Go identifier`},
		{[]string{"/{a}/{a}"}, `"/{a}/{a}": {a} stands twice`},
		{[]string{"/{a}/{a...}"}, `"/{a}/{a...}": {a...} stands twice`},
		{[]string{"/a//b"}, `"/a//b": a path that is not clean never matches`},
		{[]string{"/a/../b"}, `"/a/../b": a path that is not clean never matches`},
		{[]string{"/%2e"}, `"/%2e": a path that is not clean never matches`},
		{[]string{"/%zz"}, `"/%zz": invalid URL escape "%zz"`},
		{[]string{"/a", "/a"}, `"/a" and "/a" match the same paths, and neither is more specific`},
		{[]string{"/{a}", "/{b}"}, `"/{a}" and "/{b}" match the same paths, and neither is more specific`},
		{[]string{"/a/", "/a/{b...}"}, `"/a/" and "/a/{b...}" match the same paths, and neither is more specific`},
		{[]string{"/a/{x}", "/{y}/b"}, `"/a/{x}" and "/{y}/b" match the same paths, and neither is more specific`},
	} {
		o := websocket.Options{Paths: tt.patterns}
		if err := o.Validate(); err == nil || err.Error() != "websocket: Options.Paths: "+tt.want {
			t.Errorf("%q: %v\nwant %s", tt.patterns, err, tt.want)
		}
	}
}

// FuzzPaths compares two patterns and a path with ServeMux.
func FuzzPaths(f *testing.F) {
	for _, seed := range [][3]string{
		{"/", "/{$}", "/"},
		{"/a/{x}", "/{y}/b", "/a/b"},
		{"/a/", "/a/b/", "/a/b/c"},
		{"/{x...}", "/a%20b", "/a%20b"},
		{"/a/{x}/", "/a/{x}/{$}", "/a/b/"},
		{"/{a}/{b}/{c...}", "/x/{b}/", "/x/y/z%2fz"},
		{"/é", "/{é}", "/%C3%A9"},
		{"/a/{x}/{$}", "/a/{x}/{y}", "/a/b/c"},
		{"/{x}/{$}", "/a/", "/a/"},
		{"/a/b", "/a/{x}/c", "/a/b/c"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, a, b, target string) {
		for _, p := range []string{a, b} {
			clean := path.Clean(p)
			// ServeMux takes methods, hosts, broken escapes, braces in a method,
			// and patterns that never match; it confuses a segment that is an
			// encoded slash with {$}.
			if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, " \t") || p != clean && (clean == "/" || p != clean+"/") ||
				strings.Contains(strings.ToLower(p), "%2f") || strings.Contains(strings.ToLower(p), "%2e") {
				return
			}
			if _, err := url.PathUnescape(p); err != nil {
				return
			}
		}
		// What ServeMux would re-encode it does not see as we do.
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") || u.EscapedPath() != target || strings.Contains(strings.ToLower(target), "/%2f") {
			return
		}
		if ours, _, _ := websocket.Route([]string{"/", "/{x}/{y...}"}, target); ours == "" {
			return // not clean
		}
		checkRoute(t, []string{a, b}, target, []string{"x", "y", "a", "b", "c", "é"})
		checkRoute(t, []string{b, a}, target, []string{"x", "y", "a", "b", "c", "é"})
	})
}
