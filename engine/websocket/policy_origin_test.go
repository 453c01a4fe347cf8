package websocket_test

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

var originCases = []struct {
	patterns     string // separated by spaces
	origin, host string
	want         bool
}{
	// The default.
	{"", "http://a", "a", true},
	{"", "https://a", "a", true},
	{"", "http://a.example:8080", "a.example:8080", true},
	{"", "HTTP://A.Example:8080", "a.eXAMPLE:8080", true},
	{"", "http://a", "a:80", true},
	{"", "http://a:80", "a", true},
	{"", "https://a", "a:443", true},
	{"", "https://a:443", "a", true},
	{"", "http://[::1]:81", "[::1]:81", true},
	{"", "http://[::1]", "[::1]", true},
	{"", "http://b", "a", false},
	{"", "http://a.b", "a", false},
	{"", "http://a", "a.b", false},
	{"", "http://a:8080", "a", false},
	{"", "http://a", "a:8080", false},
	{"", "http://a", "a:443", false},
	{"", "https://a", "a:80", false},
	{"", "http://a:443", "a", false},
	{"", "null", "a", false},
	{"", "", "a", false},
	{"", "a", "a", false},
	{"", "//a", "a", false},
	{"", "://a", "a", false},
	{"", "file://a", "a", false},
	{"", "chrome-extension://a", "a", false},
	{"", "http://", "", false},
	{"", "http://a/", "a", false},
	{"", "http://a http://b", "a", false},
	{"", "http://u@a", "a", false},
	{"", "http://a:", "a", false},
	{"", "http://a:8x", "a:8x", false},
	{"", "http://a#", "a", false},
	{"", "http://\xe4", "\xe4", false}, // it is written in punycode

	// What stands in place of it.
	{"https://app.example", "https://app.example", "a", true},
	{"https://app.example", "https://app.example:443", "a", true},
	{"https://app.example", "HTTPS://APP.example", "a", true},
	{"HTTPS://APP.example", "https://app.example", "a", true},
	{"https://app.example", "http://app.example", "a", false},
	{"https://app.example", "https://app.example:8443", "a", false},
	{"https://app.example", "https://app.example", "app.example", true},
	{"https://app.example", "https://a", "a", false},
	{"https://app.example self", "https://a", "a", true},
	{"https://app.example:8443", "https://app.example:8443", "a", true},
	{"https://app.example:8443", "https://app.example", "a", false},
	{"https://app.example:443", "https://app.example", "a", true},
	{"http://localhost:*", "http://localhost:3000", "a", true},
	{"http://localhost:*", "http://localhost", "a", true},
	{"http://localhost:*", "https://localhost", "a", false},
	{"app.example", "http://app.example", "a", true},
	{"app.example", "https://app.example", "a", true},
	{"app.example", "https://app.example:80", "a", false},
	{"app.example", "ftp://app.example", "a", false},
	{"app.example:8443", "https://app.example:8443", "a", true},
	{"app.example:8443", "http://app.example:8443", "a", true},
	{"*.example", "https://b.example", "a", true},
	{"*.example", "https://c.b.example", "a", true},
	{"*.example", "https://example", "a", false},
	{"*.example", "https://.example", "a", false},
	{"*.example", "https://badexample", "a", false},
	{"*.example", "https://evil/.example", "a", false},
	{"*.example", "https://evil?.example", "a", false},
	{"*.example", "https://evil\\.example", "a", false},
	{"*.example", "https://b.example.evil", "a", false},
	{"*.example:8443", "https://b.example:8443", "a", true},
	{"*.example:8443", "https://b.example", "a", false},
	{"https://*.example", "https://b.example", "a", true},
	{"https://*.example", "http://b.example", "a", false},
	{"https://*", "https://b", "a", true},
	{"https://*", "http://b", "a", false},
	{"*:8080", "http://b:8080", "a", true},
	{"*:8080", "http://b", "a", false},
	{"http://[::1]:81", "http://[::1]:81", "a", true},
	{"http://[::1]:81", "http://[::2]:81", "a", false},
	{"chrome-extension://abc", "chrome-extension://abc", "a", true},
	{"chrome-extension://abc", "chrome-extension://abd", "a", false},
	{"null", "null", "a", true},
	{"null", "Null", "a", false},
	{"null", "http://a", "a", false},
	{"*", "null", "a", true},
	{"*", "anything at all", "a", true},
	{"*", "", "a", true},
	{"http://b http://c", "http://c", "a", true},
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range originCases {
		got, err := websocket.AllowsOrigin(strings.Fields(tt.patterns), tt.origin, tt.host)
		if got != tt.want || err != nil {
			t.Errorf("%q: %q at %q: %v, %v; want %v", tt.patterns, tt.origin, tt.host, got, err, tt.want)
		}
	}
}

func TestOriginsRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"", "a/", "http://a/", "http://", "://a", "h ttp://a", "a b", "http://u@a", "a:", "a:x", "a:*x", "*a", "a.*", "*.", "*.*", "**", "a,b", "ä",
		"self:80", "null:80", "[::1", "[]", "http://a?b", "http://a#b",
	} {
		o := websocket.Options{Origins: []string{"http://fine", pattern}}
		if err := o.Validate(); err == nil || !strings.HasPrefix(err.Error(), "websocket: Options.Origins: \""+pattern+"\": want ") {
			if !strings.HasSuffix(pattern, ":80") || err == nil {
				t.Errorf("%q: %v", pattern, err)
			}
		}
		o = websocket.Options{Hosts: []string{pattern}}
		if err := o.Validate(); err == nil && !strings.HasSuffix(pattern, ":80") {
			t.Errorf("host %q is taken", pattern)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		patterns, host string
		want           bool
	}{
		{"", "a", true},
		{"", "", true},
		{"a.example", "a.example", true},
		{"A.example", "a.EXAMPLE", true},
		{"a.example", "a.example:8080", true},
		{"a.example", "b.example", false},
		{"a.example", "a.example.", false},
		{"a.example", "", false},
		{"*", "a", true},
		{"*", "", false},
		{"*.example", "a.example:1", true},
		{"*.example", "example", false},
		{"a:8443", "a:8443", true},
		{"a:8443", "a", false},
		{"a:8443", "a:8444", false},
		{"a:443", "a", true},
		{"a:80", "a", true},
		{"a:80", "a:443", false},
		{"a:*", "a:443", true},
		{"[::1]", "[::1]:80", true},
		{"[::1]:80", "[::1]", true},
		{"[::1]", "[::2]", false},
		{"a b c", "c", true},
	} {
		if got, err := websocket.ServesHost(strings.Fields(tt.patterns), tt.host); got != tt.want || err != nil {
			t.Errorf("%q: %q: %v, %v; want %v", tt.patterns, tt.host, got, err, tt.want)
		}
	}
}

// TestStranger is a page of another origin: it is told why, no application hears
// of it. The body is for the developer who looks.
func TestStranger(t *testing.T) {
	t.Parallel()
	l := memory(t)
	h := &app{}
	o := websocket.Options{
		Paths: []string{"/{any...}"}, Hosts: []string{"a"},
		Authorize: func(*websocket.Request) error { t.Error("Authorize was called"); return nil },
	}
	srv := websocket.NewServer(h, o)
	p := l.Connect(srv, engine.Options{})
	p.Send([]byte(helloWith("Origin: https://evil.example")))
	resp, body := answer(t, p.Received())
	if resp.StatusCode != 403 || !strings.Contains(body, "origin") || !p.SawFIN() {
		t.Errorf("%s %q, FIN %v", resp.Status, body, p.SawFIN())
	}
	diff(t, "stats", websocket.Stats{Refused: 1}, srv.Stats())
}

// slowOrigin says what AllowsOrigin must say, with package net/url.
func slowOrigin(pattern, origin, host string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]"
	if pattern == "*" {
		return true
	}
	if pattern == "null" {
		return origin == "null"
	}
	def := map[string]string{"http": "80", "https": "443"}
	u, err := url.Parse(strings.ToLower(origin))
	if err != nil || u.Host == "" || !strings.HasSuffix(strings.ToLower(origin), "://"+u.Host) || u.Scheme == "" ||
		strings.Trim(u.Host, letters) != "" || strings.HasSuffix(u.Host, ":") {
		return false
	}
	port := u.Port()
	if port == "" {
		port = def[u.Scheme]
	}
	if pattern == "self" {
		h, p, err := net.SplitHostPort(strings.ToLower(host))
		if err != nil || p == "" {
			h, p = strings.TrimSuffix(strings.ToLower(host), ":"), def[u.Scheme]
			h = strings.Trim(h, "[]")
		}
		return def[u.Scheme] != "" && h == u.Hostname() && p == port
	}
	scheme, rest, ok := strings.Cut(strings.ToLower(pattern), "://")
	schemes := []string{scheme}
	if !ok {
		schemes, rest = []string{"http", "https"}, strings.ToLower(pattern)
	}
	want, err := url.Parse("x://" + strings.TrimSuffix(rest, ":*"))
	if err != nil || !slices.Contains(schemes, u.Scheme) {
		return false
	}
	wantPort := want.Port()
	if wantPort == "" {
		wantPort = def[u.Scheme]
	}
	if port != wantPort && !strings.HasSuffix(rest, ":*") {
		return false
	}
	name := want.Hostname()
	return name == "*" || name == u.Hostname() ||
		strings.HasPrefix(name, "*.") && strings.HasSuffix(u.Hostname(), name[1:]) && len(u.Hostname()) >= len(name)
}

// FuzzOrigins compares a pattern, an origin and a host with slowOrigin.
func FuzzOrigins(f *testing.F) {
	for _, tt := range originCases {
		for _, pattern := range append(strings.Fields(tt.patterns), "self") {
			f.Add(pattern, tt.origin, tt.host)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, origin, host string) {
		got, err := websocket.AllowsOrigin([]string{pattern}, origin, host)
		if err != nil {
			return
		}
		// The oracle cannot parse what is odd about an IPv6 address, or not ASCII.
		if strings.ContainsAny(pattern+origin+host, "[]%") || strings.IndexFunc(origin, func(r rune) bool { return r > 0x7e || r <= ' ' }) >= 0 {
			return
		}
		if strings.Count(host, ":") > 1 || strings.ContainsAny(host, "/ ") {
			return // the parser of the request refuses it
		}
		if want := slowOrigin(pattern, origin, host); got != want {
			t.Errorf("pattern %q, origin %q, host %q: %v, want %v", pattern, origin, host, got, want)
		}
	})
}
