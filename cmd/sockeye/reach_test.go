package main_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gorilla "github.com/gorilla/websocket"
)

// greeting is a server that tells what it was told, at /; /moved leads there.
func greeting(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/moved" {
		http.Redirect(w, r, "/?q", http.StatusMovedPermanently)
		return
	}
	up := gorilla.Upgrader{}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	user, password, _ := r.BasicAuth()
	_ = c.WriteMessage(gorilla.TextMessage, []byte(user+" "+password+" "+r.Header.Get("X")+" "+r.RequestURI))
	_ = c.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(1000, ""))
	_, _, _ = c.ReadMessage()
	_ = c.Close()
}

// relay is an HTTP proxy that wants a password.
func relay(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Proxy-Authorization") != "Basic dTpw" { // u:p
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	out, err := net.Dial("tcp", r.RequestURI)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer out.Close()
	in, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		_, _ = io.Copy(in, out)
		_ = in.(interface{ CloseWrite() error }).CloseWrite()
	}()
	_, _ = io.Copy(out, in)
}

// TestConnectReach goes through TLS, proxies and redirects.
func TestConnectReach(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.HandlerFunc(greeting))
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(http.HandlerFunc(greeting))
	secure.Config.ErrorLog = nil
	t.Cleanup(secure.Close)
	proxy := httptest.NewServer(http.HandlerFunc(relay))
	t.Cleanup(proxy.Close)
	secureProxy := httptest.NewTLSServer(http.HandlerFunc(relay))
	t.Cleanup(secureProxy.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	ws, wss := "ws"+strings.TrimPrefix(plain.URL, "http"), "wss"+strings.TrimPrefix(secure.URL, "https")
	as := func(u string) string { return strings.Replace(u, "://", "://u:p@", 1) }
	for _, tt := range []struct {
		args   []string
		out    string
		stderr string
	}{
		{[]string{"--cacert", ca, wss}, "   /\n", ""},
		{[]string{"-k", "-H", "X: y", as(wss) + "/a?b"}, "u p y /a?b\n", ""},
		{[]string{as(ws)}, "u p  /\n", ""},
		{[]string{"--proxy", as(proxy.URL), ws}, "   /\n", ""},
		{[]string{"--proxy", as(proxy.URL), "--cacert", ca, wss}, "   /\n", ""},
		{[]string{"--proxy", as(secureProxy.URL), "--cacert", ca, ws}, "   /\n", ""},
		{[]string{"--proxy", as(secureProxy.URL), "--insecure", wss}, "   /\n", ""},
		{[]string{"--redirects", "1", as(ws) + "/moved"}, "u p  /?q\n", ""},

		{[]string{wss}, "", "certificate"},
		{[]string{"--proxy", proxy.URL, ws}, "", "407"},
		{[]string{"--proxy", as(secureProxy.URL), ws}, "", "certificate"},
		{[]string{as(ws) + "/moved"}, "", "301"},
	} {
		c := connect(t, tt.args...)
		rest, code := c.end()
		failed := tt.stderr != ""
		if rest != tt.out || (code == 1) != failed || !strings.Contains(c.errs.String(), tt.stderr) || strings.Contains(c.errs.String(), "u:p") {
			t.Errorf("%q: %q, exit code %d, %q; want %q and %q", tt.args, rest, code, c.errs.String(), tt.out, tt.stderr)
		}
	}
}
