package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/url"
	"os"

	"github.com/spf13/pflag"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// reachOptions are the flags that tell how a WebSocket server is reached.
type reachOptions struct {
	insecure  bool
	authority string
	proxyURL  string
	redirects int

	tls   *tls.Config
	proxy *url.URL
}

func (r *reachOptions) add(f *pflag.FlagSet) {
	f.BoolVarP(&r.insecure, "insecure", "k", false, "take any certificate, of a wss:// server and of an https:// proxy")
	f.StringVar(&r.authority, "cacert", "", "PEM `file` of the authorities that may have signed the certificate, instead of the system's")
	f.StringVar(&r.proxyURL, "proxy", "", "go through the proxy at `URL` (http, https or socks5)")
	f.IntVar(&r.redirects, "redirects", 0, "follow that `number` of redirects at most")
}

// resolve checks the flags and makes what Dial wants of them.
func (r *reachOptions) resolve(end *endpoint) error {
	switch {
	case r.redirects < 0:
		return usagef("--redirects is %d, want 0 or more", r.redirects)
	case r.redirects > 0 && !end.websocket():
		return usagef("--redirects needs a ws:// or wss:// URL")
	case r.proxyURL != "" && (!end.websocket() || end.network == "unix"):
		return usagef("--proxy needs a ws:// or wss:// URL")
	}
	if r.proxyURL != "" {
		u, err := url.Parse(r.proxyURL)
		if err != nil || u.Hostname() == "" {
			return usagef("--proxy: want http://host:port, https://host:port or socks5://host:port")
		}
		switch u.Scheme {
		case "http", "https", "socks5", "socks5h":
		default:
			return usagef("--proxy: unknown scheme %q: want http, https or socks5", u.Scheme)
		}
		r.proxy = u
	}
	if !r.insecure && r.authority == "" {
		return nil
	}
	// A redirect may lead to wss.
	if end.scheme != "wss" && r.redirects == 0 && (r.proxy == nil || r.proxy.Scheme != "https") {
		return usagef("--insecure and --cacert need a wss:// URL, an https:// proxy or --redirects")
	}
	r.tls = &tls.Config{InsecureSkipVerify: r.insecure}
	if r.authority != "" {
		pem, err := os.ReadFile(r.authority)
		if err != nil {
			return usagef("--cacert: %w", err)
		}
		r.tls.RootCAs = x509.NewCertPool()
		if !r.tls.RootCAs.AppendCertsFromPEM(pem) {
			return usagef("--cacert: no certificate in %s", r.authority)
		}
	}
	return nil
}

func (r *reachOptions) apply(o *websocket.DialOptions) {
	o.TLS, o.Redirects = r.tls, r.redirects
	if r.proxy != nil {
		o.Proxy = func(*url.URL) (*url.URL, error) { return r.proxy, nil }
	}
}
