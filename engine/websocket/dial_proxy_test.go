package websocket_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestDialThrough goes every way to a server: with and without TLS and through
// every kind of proxy.
func TestDialThrough(t *testing.T) {
	t.Parallel()
	e := start(t)
	plainURL, _ := gorillaEcho(t, false)
	secureURL, _ := gorillaEcho(t, true)
	user := url.UserPassword("some body", "p:ß%")
	for name, proxy := range map[string]func(t *testing.T) (*url.URL, <-chan string){
		"direct": func(*testing.T) (*url.URL, <-chan string) { return nil, nil },
		"http":   func(t *testing.T) (*url.URL, <-chan string) { p := &connectProxy{}; return p.start(t), p.asked },
		"http with password": func(t *testing.T) (*url.URL, <-chan string) {
			p := &connectProxy{user: user}
			return p.start(t), p.asked
		},
		"https": func(t *testing.T) (*url.URL, <-chan string) {
			p := &connectProxy{secure: true, user: user}
			return p.start(t), p.asked
		},
		"socks5": func(t *testing.T) (*url.URL, <-chan string) {
			p := &socksProxy{scheme: "socks5"}
			return p.start(t), p.asked
		},
		"socks5h with password": func(t *testing.T) (*url.URL, <-chan string) {
			p := &socksProxy{scheme: "socks5h", user: user}
			return p.start(t), p.asked
		},
	} {
		for _, target := range []string{plainURL, secureURL} {
			for way, dial := range dialers {
				scheme, at, _ := strings.Cut(target, "://")
				t.Run(name+" "+scheme+" "+way, func(t *testing.T) {
					t.Parallel()
					p, asked := proxy(t)
					o := websocket.DialOptions{TLS: trusting(), Proxy: through(p)}
					if err := dial(t, t.Context(), e, target, o); err != nil {
						t.Fatal(err)
					}
					if p == nil {
						return
					}
					want := at
					if strings.HasPrefix(p.Scheme, "http") {
						want = "CONNECT " + at + " " + at
					}
					if got := wait(t, asked, "request"); got != want {
						t.Errorf("the proxy was asked for %q, want %q", got, want)
					}
				})
			}
		}
	}
}

// TestDialProxyChoice looks at what Proxy is asked, and at the name that reaches
// the proxy: it is the proxy's to look up.
func TestDialProxyChoice(t *testing.T) {
	t.Parallel()
	e := start(t)
	plainURL, _ := gorillaEcho(t, false)
	secureURL, _ := gorillaEcho(t, true)
	for dialled, want := range map[string]struct{ server, asked, name string }{
		"ws://user:word@nowhere.invalid/a?b": {strings.Trim(plainURL, "ws:/"), "http://nowhere.invalid/a?b", "nowhere.invalid:80"},
		"wss://example.com/":                 {strings.Trim(secureURL, "ws:/"), "https://example.com/", "example.com:443"},
		"ws://[::2]:8080/":                   {strings.Trim(plainURL, "ws:/"), "http://[::2]:8080/", "[::2]:8080"},
	} {
		for way, dial := range dialers {
			http := &connectProxy{backup: want.server}
			socks := &socksProxy{scheme: "socks5", backup: want.server}
			for p, asked := range map[*url.URL]*chan string{http.start(t): &http.asked, socks.start(t): &socks.asked} {
				var seen string
				o := websocket.DialOptions{TLS: trusting(), Proxy: func(u *url.URL) (*url.URL, error) {
					seen = u.String()
					return p, nil
				}}
				if err := dial(t, t.Context(), e, dialled, o); err != nil {
					t.Fatalf("%s with %s through %s: %v", way, dialled, p.Scheme, err)
				}
				if seen != want.asked {
					t.Errorf("Proxy was asked about %s, want %s", seen, want.asked)
				}
				name := want.name
				if p.Scheme == "http" {
					name = "CONNECT " + name + " " + name
				} else {
					name = strings.NewReplacer("[", "", "]", "").Replace(name)
				}
				if got := wait(t, *asked, "request"); got != name {
					t.Errorf("the proxy was asked for %q, want %q", got, name)
				}
			}
		}
	}
	bad := errors.New("no idea")
	for name, tt := range map[string]struct {
		proxy func(*url.URL) (*url.URL, error)
		err   string
	}{
		"error":  {func(*url.URL) (*url.URL, error) { return nil, bad }, "no idea"},
		"scheme": {through(&url.URL{Scheme: "ftp", Host: "a"}), "want scheme http"},
		"host":   {through(&url.URL{Scheme: "http", Host: ":1"}), "no host"},
	} {
		for way, dial := range dialers {
			err := dial(t, t.Context(), e, plainURL, websocket.DialOptions{Proxy: tt.proxy})
			if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Errorf("%s, %s: %v", way, name, err)
			}
		}
	}
	// What the options say to dial is not for a proxy.
	o := websocket.DialOptions{Network: "tcp", Addr: strings.Trim(plainURL, "ws:/"), Proxy: func(*url.URL) (*url.URL, error) { return nil, bad }}
	for way, dial := range dialers {
		if err := dial(t, t.Context(), e, "ws://nowhere.invalid/", o); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// TestDialProxyRefuses meets proxies that do not do as they should.
func TestDialProxyRefuses(t *testing.T) {
	t.Parallel()
	e := start(t)
	server := "ws://server.invalid/"
	for name, tt := range map[string]struct {
		scheme string
		url    string // server, if empty
		say    string
		status int
		header string
		err    string
	}{
		"403":                {say: "HTTP/1.1 403 No way\r\nX-Why: because\r\n\r\nno", status: 403, header: "X-Why: because\r\n", err: "403 No way"},
		"407":                {say: "HTTP/1.1 407 \r\n\r\n", status: 407, err: "407"},
		"302":                {say: "HTTP/1.1 302 \r\nLocation: ws://server/\r\n\r\n", status: 302, err: "302"},
		"101":                {say: "HTTP/1.1 101 \r\nUpgrade: websocket\r\n\r\n", status: 101, err: "101"},
		"not HTTP":           {say: "SSH-2.0-OpenSSH_9\r\n", err: "not an HTTP response"},
		"bare LF":            {say: "HTTP/1.1 200 OK\n\n", err: "line"},
		"long head":          {say: "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 9000), err: "long"},
		"no end of interims": {say: strings.Repeat("HTTP/1.1 100 \r\n\r\n", 1000), status: 100, err: "interim"},
		"half":               {say: "HTTP/1.1 200", err: "EOF"},
		"nothing":            {err: "EOF"},
		"early before TLS":   {url: "wss://server.invalid/", say: "HTTP/1.1 200 OK\r\n\r\nhello", err: "before TLS"},
		"TLS garbage":        {scheme: "https", say: "HTTP/1.1 200 OK\r\n\r\n", err: "TLS"},
		"socks: nothing":     {scheme: "socks5", err: "EOF"},
		"socks: HTTP":        {scheme: "socks5", say: "HTTP/1.1 400 Bad Request\r\n\r\n", err: "version"},
		"socks: no method":   {scheme: "socks5", say: "\x05\xff", err: "no acceptable"},
		"socks: refused":     {scheme: "socks5", say: "\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", err: "not allowed"},
		"socks: half":        {scheme: "socks5", say: "\x05\x00\x05\x00\x00\x01\x00", err: "EOF"},
	} {
		for way, dial := range dialers {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				p := &url.URL{Scheme: "http", User: url.UserPassword("u", "secret")}
				if tt.scheme != "" {
					p.Scheme = tt.scheme
				}
				p.Host = listen(t, func(nc net.Conn) error {
					_, _ = nc.Read(make([]byte, 1000))
					_, _ = io.WriteString(nc, tt.say)
					if tt.err == "EOF" {
						_ = nc.(*net.TCPConn).CloseWrite()
					}
					return drained(nc)
				})
				u := server
				if tt.url != "" {
					u = tt.url
				}
				err := dial(t, t.Context(), e, u, websocket.DialOptions{TLS: trusting(), Proxy: through(p)})
				var pe *websocket.ProxyError
				if !errors.As(err, &pe) {
					t.Fatalf("got %v, want a *ProxyError", err)
				}
				if pe.Status != tt.status || !strings.Contains(string(pe.Header), tt.header) || pe.Proxy != p.Scheme+"://"+p.Host ||
					!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "secret") {
					t.Errorf("status %d, header %q: %v", pe.Status, pe.Header, err)
				}
			})
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close() // nobody listens there now
	for _, scheme := range []string{"http", "https", "socks5"} {
		for way, dial := range dialers {
			var pe *websocket.ProxyError
			o := websocket.DialOptions{Proxy: through(&url.URL{Scheme: scheme, Host: ln.Addr().String()})}
			if err := dial(t, t.Context(), e, server, o); !errors.As(err, &pe) || !strings.Contains(err.Error(), "refused") {
				t.Errorf("%s, %s: %v", way, scheme, err)
			}
		}
	}
}

// TestDialProxyPassword: wrong credentials.
func TestDialProxyPassword(t *testing.T) {
	t.Parallel()
	e := start(t)
	right := url.UserPassword("user", "right")
	for _, p := range []*url.URL{(&connectProxy{user: right}).start(t), (&socksProxy{scheme: "socks5", user: right}).start(t)} {
		for _, p.User = range []*url.Userinfo{nil, url.UserPassword("user", "wrong"), url.User("user")} {
			for way, dial := range dialers {
				err := dial(t, t.Context(), e, "ws://127.0.0.1:1/", websocket.DialOptions{Proxy: through(p)})
				var pe *websocket.ProxyError
				if !errors.As(err, &pe) || (pe.Status == 407) != (p.Scheme == "http") {
					t.Errorf("%s, %s with %v: %v", way, p.Scheme, p.User, err)
				}
			}
		}
	}
}

// TestDialProxyEarly: a server's bytes that come in one piece with the proxy's
// answer are the server's, and the handshake goes on behind them.
func TestDialProxyEarly(t *testing.T) {
	t.Parallel()
	e := start(t)
	for way, dial := range dialers {
		p := &url.URL{Scheme: "http", Host: listen(t, func(nc net.Conn) error {
			_, _ = nc.Read(make([]byte, 1000))
			_, _ = io.WriteString(nc, "HTTP/1.1 103 \r\n\r\nHTTP/1.1 299 \r\n\r\nHTTP/1.1 403 Early\r\n\r\n")
			return drained(nc)
		})}
		err := dial(t, t.Context(), e, "ws://server.invalid/", websocket.DialOptions{Proxy: through(p)})
		var he *websocket.HandshakeError
		if !errors.As(err, &he) || he.Status != 403 {
			t.Errorf("%s: %v, want a *HandshakeError", way, err)
		}
	}
}

// TestDialSlow ends each stage that does not end by itself: by HandshakeTimeout,
// by the deadline of ctx, and by its cancellation.
func TestDialSlow(t *testing.T) {
	t.Parallel()
	e := start(t)
	why := errors.New("why")
	for name, tt := range map[string]struct {
		url   string // the server's, whose address is that of a proxy if proxy is set
		proxy string
		say   string
		then  string // behind the first bytes of the client
	}{
		"handshake":          {url: "ws://"},
		"half an answer":     {url: "ws://", then: "HTTP/1.1 101 "},
		"interim":            {url: "ws://", then: "HTTP/1.1 103 \r\n\r\n"},
		"TLS":                {url: "wss://"},
		"half of TLS":        {url: "wss://", then: "\x16\x03\x03\x00\x7a\x02"},
		"CONNECT":            {url: "ws://", proxy: "http"},
		"CONNECT early":      {url: "ws://", proxy: "http", say: "HTTP/1.1 1"},
		"half of CONNECT":    {url: "ws://", proxy: "http", then: "HTTP/1.1 200"},
		"behind CONNECT":     {url: "ws://", proxy: "http", then: "HTTP/1.1 200 \r\n\r\n"},
		"TLS behind CONNECT": {url: "wss://", proxy: "http", then: "HTTP/1.1 200 \r\n\r\n"},
		"TLS to the proxy":   {url: "ws://", proxy: "https"},
		"SOCKS":              {url: "ws://", proxy: "socks5"},
		"half of SOCKS":      {url: "ws://", proxy: "socks5h", then: "\x05\x00\x05"},
	} {
		for way, dial := range dialers {
			for _, end := range []string{"HandshakeTimeout", "deadline", "cancel"} {
				t.Run(name+" "+way+" "+end, func(t *testing.T) {
					t.Parallel()
					ctx, cancel := context.WithCancelCause(t.Context())
					defer cancel(nil)
					o := websocket.DialOptions{TLS: trusting(), Options: websocket.Options{HandshakeTimeout: -1}}
					want := why
					switch end {
					case "HandshakeTimeout":
						o.HandshakeTimeout, want = 50*time.Millisecond, websocket.ErrHandshakeTimeout
					case "deadline":
						var stop context.CancelFunc
						ctx, stop = context.WithTimeout(ctx, 50*time.Millisecond)
						defer stop()
						want = context.DeadlineExceeded
					}
					at := listen(t, func(nc net.Conn) error {
						_, _ = io.WriteString(nc, tt.say)
						_, _ = nc.Read(make([]byte, 1000))
						_, _ = io.WriteString(nc, tt.then)
						if end == "cancel" {
							cancel(why)
						}
						return drained(nc)
					})
					u := tt.url + at
					if tt.proxy != "" {
						u = tt.url + "server.invalid/"
						o.Proxy = through(&url.URL{Scheme: tt.proxy, Host: at})
					}
					if err := dial(t, ctx, e, u, o); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "websocket: ") {
						t.Errorf("got %v, want %v", err, want)
					}
				})
			}
		}
	}
}
