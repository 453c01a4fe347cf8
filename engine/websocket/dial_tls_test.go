package websocket_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestDialTLS looks at what a server of TLS is told, and at what is refused.
func TestDialTLS(t *testing.T) {
	t.Parallel()
	e := start(t)
	u, _ := gorillaEcho(t, true)
	at := strings.TrimPrefix(u, "wss://")
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	for what, tt := range map[string]struct {
		url    string
		cfg    *tls.Config
		err    any // for errors.As
		server string
		protos string
	}{
		"an address":      {u, trusting(), nil, "", "http/1.1"},
		"a name":          {"wss://www.example.com/", trusting(), nil, "www.example.com", "http/1.1"},
		"own name":        {u, &tls.Config{RootCAs: trusting().RootCAs, ServerName: "a.example.com"}, nil, "a.example.com", "http/1.1"},
		"own protocols":   {u, &tls.Config{RootCAs: trusting().RootCAs, NextProtos: []string{"x", "y"}}, nil, "", "x y"},
		"no verification": {"wss://other.invalid/", &tls.Config{InsecureSkipVerify: true}, nil, "other.invalid", "http/1.1"},
		"nobody trusted":  {u, nil, &unknown, "", "http/1.1"},
		"wrong name":      {"wss://other.invalid/", trusting(), &name, "other.invalid", "http/1.1"},
	} {
		for way, dial := range dialers {
			hello := make(chan *tls.ClientHelloInfo, 1)
			own := serverTLS(t)
			own.GetConfigForClient = func(info *tls.ClientHelloInfo) (*tls.Config, error) {
				hello <- info
				return nil, nil
			}
			o := websocket.DialOptions{TLS: tt.cfg, Network: "tcp", Addr: front(t, own, at)}
			err := dial(t, t.Context(), e, tt.url, o)
			if tt.err == nil && err != nil || tt.err != nil && !errors.As(err, tt.err) {
				t.Errorf("%s, %s: %v", what, way, err)
			}
			info := wait(t, hello, "ClientHello")
			diff(t, what, []string{tt.server, tt.protos}, []string{info.ServerName, strings.Join(info.SupportedProtos, " ")})
		}
	}
	plainURL, _ := gorillaEcho(t, false)
	for way, dial := range dialers {
		var record tls.RecordHeaderError
		if err := dial(t, t.Context(), e, "wss"+strings.TrimPrefix(plainURL, "ws"), websocket.DialOptions{}); !errors.As(err, &record) {
			t.Errorf("%s: TLS to a plain server: %v", way, err)
		}
	}
}

// front takes TLS off and on again, with a configuration of its own.
func front(t *testing.T, cfg *tls.Config, at string) string {
	t.Helper()
	cfg.NextProtos = []string{"http/1.1", "y"}
	return listen(t, func(nc net.Conn) error {
		in := tls.Server(nc, cfg)
		defer in.Close()
		if err := in.Handshake(); err != nil {
			return err
		}
		out, err := tls.Dial("tcp", at, trusting())
		if err != nil {
			return err
		}
		return splice(in, out, in)
	})
}

// TestDialOwnTLS dials our own server behind TLS, with limits of the connection
// below: they hold there too.
func TestDialOwnTLS(t *testing.T) {
	t.Parallel()
	e := start(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := websocket.NewServer(echo{}, websocket.Options{})
	if _, err := e.ServeListener(tls.NewListener(ln, serverTLS(t)), srv, engine.ListenOptions{}); err != nil {
		t.Fatal(err)
	}
	u := "wss://" + ln.Addr().String() + "/"
	for way, dial := range dialers {
		if err := dial(t, t.Context(), e, u, websocket.DialOptions{TLS: trusting()}); err != nil {
			t.Errorf("%s: %v", way, err)
		}
	}
	// The peer of this one does not read, and we bear little.
	deaf := listen(t, func(nc net.Conn) error {
		in := tls.Server(nc, serverTLS(t))
		r := make([]byte, 4096)
		n, _ := in.Read(r)
		_, _ = io.WriteString(in, accept(readRequest(t, r[:n])))
		return drained(nc)
	})
	k := newTalk()
	o := websocket.DialOptions{TLS: trusting(), Engine: engine.DialOptions{Options: engine.Options{HighWater: 1, LowWater: 1}}}
	h, err := websocket.Dial(t.Context(), e, "wss://"+deaf+"/", k, o)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	if err := h.Post(func(c *websocket.Conn) {
		var err error
		for range 1000 {
			if err = c.WriteMessage(websocket.Binary, make([]byte, 1<<20)); err != nil {
				break
			}
		}
		answered <- err
	}); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, answered, "slow consumer"); !errors.Is(err, engine.ErrSlowConsumer) {
		t.Errorf("got %v, want ErrSlowConsumer", err)
	}
	closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeAbnormal, engine.ErrSlowConsumer)
}
