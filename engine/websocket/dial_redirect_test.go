package websocket_test

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestDialRedirect follows redirects of each kind to a server that echoes.
func TestDialRedirect(t *testing.T) {
	t.Parallel()
	e := start(t)
	secureURL, _ := gorillaEcho(t, true)
	otherURL, _ := gorillaEcho(t, false)
	other := strings.TrimPrefix(otherURL, "ws")
	for name, tt := range map[string]struct {
		status   int
		location string
		secure   bool // the first server
		refused  string
	}{
		"301":                  {status: 301, location: "/echo"},
		"302":                  {status: 302, location: "/echo"},
		"303":                  {status: 303, location: "/echo"},
		"307":                  {status: 307, location: "/echo"},
		"308":                  {status: 308, location: "/echo"},
		"relative":             {status: 302, location: "echo?a=b"},
		"dots":                 {status: 302, location: "../deep/../echo"},
		"query alone":          {status: 302, location: "?echo"},
		"fragment":             {status: 302, location: "/echo#part"},
		"another host, ws":     {status: 302, location: "ws" + other},
		"another host, http":   {status: 302, location: "HTTP" + other},
		"another host, scheme": {status: 302, location: strings.TrimPrefix(other, ":") + "/x"},
		"to https":             {status: 302, location: "https" + strings.TrimPrefix(secureURL, "wss")},
		"to wss":               {status: 302, location: secureURL},
		"wss to wss":           {status: 302, location: "/echo", secure: true},

		"wss to ws":     {status: 302, location: "ws" + other, secure: true, refused: "302 Found: redirect leads from wss to ws"},
		"wss to http":   {status: 302, location: "http" + other, secure: true, refused: "from wss to ws"},
		"ftp":           {status: 302, location: "ftp://a/", refused: "redirect URL scheme is \"ftp\""},
		"no host":       {status: 302, location: "http:///path", refused: "redirect URL has no host"},
		"no URL":        {status: 302, location: "http://a b/", refused: "redirect is not a URL"},
		"no Location":   {status: 302, refused: "302 Found"},
		"300":           {status: 300, location: "/echo", refused: "300"},
		"304":           {status: 304, location: "/echo", refused: "304"},
		"305":           {status: 305, location: "/echo", refused: "305"},
		"201":           {status: 201, location: "/echo", refused: "201"},
		"without leave": {status: 302, location: "/echo", refused: "302 Found"},
	} {
		for way, dial := range dialers {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				u, _ := httpServer(t, tt.secure, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/echo" || r.URL.RawQuery == "echo" {
						echoHandler(w, r)
						return
					}
					w.Header()["Location"] = []string{tt.location}
					w.WriteHeader(tt.status)
				})
				o := websocket.DialOptions{TLS: trusting(), Redirects: 1}
				if name == "without leave" {
					o.Redirects = 0
				}
				err := dial(t, t.Context(), e, u+"/first", o)
				var he *websocket.HandshakeError
				switch {
				case tt.refused == "" && err != nil:
					t.Error(err)
				case tt.refused == "":
				case !errors.As(err, &he) || !strings.Contains(he.Reason, tt.refused):
					t.Errorf("got %v, want a *HandshakeError with %q", err, tt.refused)
				case he.Status != tt.status || !strings.Contains(string(he.Header), "Location: "+tt.location+"\r\n"):
					t.Errorf("status %d, header %q", he.Status, he.Header)
				}
			})
		}
	}
}

// TestDialRedirectLoop counts.
func TestDialRedirectLoop(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, redirects := range []int{-1, 0, 1, 7} {
		for way, dial := range dialers {
			var asked atomic.Int32
			u, _ := httpServer(t, false, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				http.Redirect(w, r, r.RequestURI, http.StatusFound)
			})
			err := dial(t, t.Context(), e, u, websocket.DialOptions{Redirects: redirects})
			var he *websocket.HandshakeError
			if !errors.As(err, &he) || he.Status != 302 {
				t.Errorf("%s: %v, want 302", way, err)
			}
			if want := max(redirects, 0) + 1; int(asked.Load()) != want {
				t.Errorf("%s: %d requests for %d redirects", way, asked.Load(), redirects)
			}
		}
	}
}

// TestDialRedirectSecrets goes from a to other places and back, and looks at
// what each is told.
func TestDialRedirectSecrets(t *testing.T) {
	t.Parallel()
	e := start(t)
	type hop struct{ path, auth, cookie, other, origin, protocol, proxyAuth string }
	all := func(path string) hop {
		return hop{path, "Basic dXNlcjp3b3Jk", "c=d", "x", "http://here", "b, c", "p"}
	}
	few := func(path string) hop { return hop{path, "", "", "x", "http://here", "b, c", ""} }
	for way, dial := range dialers {
		hops := make(chan hop, 10)
		var places atomic.Pointer[[2]string]
		handler := func(w http.ResponseWriter, r *http.Request) {
			h := r.Header
			hops <- hop{
				r.Host[strings.IndexByte(r.Host, ':'):] + r.URL.Path, h.Get("Authorization"), h.Get("Cookie"), h.Get("X"), h.Get("Origin"),
				h.Get("Sec-Websocket-Protocol"), h.Get("Proxy-Authorization"),
			}
			a, b := places.Load()[0], places.Load()[1]
			to := map[string]string{
				"/1": "/2",                                                               // the same
				"/2": strings.Replace(a, "127.0.0.1", "user2:word2@127.0.0.1", 1) + "/3", // the same: not who we are
				"/3": b + "/4",
				"/4": "//" + strings.Trim(b, "ws:/") + "/5",
				"/5": a + "/6", // and back
			}[r.URL.Path]
			if to == "" {
				echoHandler(w, r)
				return
			}
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
		a, _ := httpServer(t, false, handler)
		b, _ := httpServer(t, false, handler)
		places.Store(&[2]string{a, b})
		o := websocket.DialOptions{
			Redirects: 5, Origin: "http://here", Header: []string{"COOKIE", "c=d", "X", "x", "Proxy-authorization", "p"},
			Options: websocket.Options{Subprotocols: []string{"b", "c"}},
		}
		if err := dial(t, t.Context(), e, strings.Replace(a, "127.0.0.1", "user:word@127.0.0.1", 1)+"/1", o); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		portA, portB := a[strings.LastIndexByte(a, ':'):], b[strings.LastIndexByte(b, ':'):]
		for _, want := range []hop{all(portA + "/1"), all(portA + "/2"), all(portA + "/3"), few(portB + "/4"), few(portB + "/5"), few(portA + "/6")} {
			if got := wait(t, hops, "request"); got != want {
				t.Errorf("%s: got %+v, want %+v", way, got, want)
			}
		}
		// Another name is another host, whatever it leads to.
		places.Store(&[2]string{a, strings.Replace(a, "127.0.0.1", "localhost", 1)})
		o.Header = append(o.Header, "authorization", "mine")
		if err := dial(t, t.Context(), e, strings.Replace(a, "127.0.0.1", "user:word@127.0.0.1", 1)+"/3", o); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		own := all(portA + "/3")
		own.auth = "mine"
		for _, want := range []hop{own, few(portA + "/4"), few(portA + "/5"), few(portA + "/6")} {
			if got := wait(t, hops, "request"); got != want {
				t.Errorf("%s: got %+v, want %+v", way, got, want)
			}
		}
	}
}

// TestDialRedirectUpgrade goes from ws to wss of the same host, at the ports
// that the URLs do not name: credentials may come along.
func TestDialRedirectUpgrade(t *testing.T) {
	t.Parallel()
	e := start(t)
	plainURL, _ := httpServer(t, false, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://EXAMPLE.com/b", http.StatusMovedPermanently)
	})
	for way, dial := range dialers {
		told := make(chan string, 1)
		secureURL, _ := httpServer(t, true, func(w http.ResponseWriter, r *http.Request) {
			told <- r.Host + " " + r.Header.Get("Authorization")
			echoHandler(w, r)
		})
		http, https := &connectProxy{backup: strings.Trim(plainURL, "ws:/")}, &connectProxy{backup: strings.Trim(secureURL, "ws:/")}
		proxies := map[string]*url.URL{"http": http.start(t), "https": https.start(t)}
		o := websocket.DialOptions{TLS: trusting(), Redirects: 1, Proxy: func(u *url.URL) (*url.URL, error) { return proxies[u.Scheme], nil }}
		if err := dial(t, t.Context(), e, "ws://a:b@example.com/a", o); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if got := wait(t, told, "request"); got != "EXAMPLE.com Basic YTpi" {
			t.Errorf("%s: told %q", way, got)
		}
		diff(t, "proxies", []string{"CONNECT example.com:80 example.com:80", "CONNECT EXAMPLE.com:443 EXAMPLE.com:443"},
			[]string{wait(t, http.asked, "request"), wait(t, https.asked, "request")})
	}
}

// TestDialRedirectPinned: Network, Addr and ServerName are about the first host.
func TestDialRedirectPinned(t *testing.T) {
	t.Parallel()
	e := start(t)
	secureURL, _ := gorillaEcho(t, true)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			echoHandler(w, r)
		case "/away":
			http.Redirect(w, r, secureURL, http.StatusFound)
		default:
			http.Redirect(w, r, "/echo", http.StatusFound)
		}
	})}
	name := t.TempDir() + "/s"
	ln, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	for way, dial := range dialers {
		for _, path := range []string{"ws://nowhere.invalid/", "ws:///", "ws://nowhere.invalid/away"} {
			cfg := trusting().Clone()
			cfg.ServerName = "not.example.org"
			o := websocket.DialOptions{Network: "unix", Addr: name, Redirects: 1, TLS: cfg}
			if err := dial(t, t.Context(), e, path, o); err != nil {
				t.Errorf("%s: %s: %v", way, path, err)
			}
		}
	}
}

// TestDialAuthority is about the name of the server in all its places.
func TestDialAuthority(t *testing.T) {
	t.Parallel()
	e := start(t)
	for dialled, want := range map[string]string{
		"ws://HOST.example":             "HOST.example / ",
		"ws://host.example:/":           "host.example / ",
		"ws://host.example:80/a%2fb?c":  "host.example /a%2fb?c ",
		"ws://host.example:443/":        "host.example:443 / ",
		"ws://[fe80::1%25eth0]:81/":     "[fe80::1]:81 / ",
		"ws://[::1]/":                   "[::1] / ",
		"ws://a:b:c@host.example/":      "host.example / Basic YTpiOmM=",
		"ws://a@host.example/":          "host.example / Basic YTo=",
		"ws://%C3%A9:%3A@host.example/": "host.example / Basic w6k6Og==",
	} {
		for way, dial := range dialers {
			told := make(chan string, 1)
			u, _ := httpServer(t, false, func(w http.ResponseWriter, r *http.Request) {
				told <- r.Host + " " + r.RequestURI + " " + r.Header.Get("Authorization")
				echoHandler(w, r)
			})
			o := websocket.DialOptions{Network: "tcp", Addr: strings.Trim(u, "ws:/")}
			if err := dial(t, t.Context(), e, dialled, o); err != nil {
				t.Errorf("%s: %s: %v", way, dialled, err)
			} else if got := wait(t, told, "request"); got != want {
				t.Errorf("%s: %s told %q, want %q", way, dialled, got, want)
			}
		}
	}
}
