package wsproto_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// hsWire is a connection to nowhere: what is read from it was put there, what was written can be looked at.
type hsWire struct {
	net.Conn
	in, out bytes.Buffer
	onWrite func(*hsWire)
}

func (w *hsWire) Read(p []byte) (int, error)       { return w.in.Read(p) }
func (w *hsWire) Close() error                     { return nil }
func (w *hsWire) SetDeadline(time.Time) error      { return nil }
func (w *hsWire) SetReadDeadline(time.Time) error  { return nil }
func (w *hsWire) SetWriteDeadline(time.Time) error { return nil }

func (w *hsWire) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	if w.onWrite != nil {
		w.onWrite(w)
	}
	return n, err
}

// hsHijacker is a net/http server's answer that gives the wire away.
type hsHijacker struct {
	*httptest.ResponseRecorder
	wire *hsWire
}

func (h hsHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.wire, bufio.NewReadWriter(bufio.NewReader(h.wire), bufio.NewWriter(h.wire)), nil
}

// Our client against the servers of others.
func TestHandshakeWithServers(t *testing.T) {
	servers := map[string]func(w *hsWire, request []byte) error{
		"gobwas": func(w *hsWire, request []byte) error {
			w.in.Write(request)
			_, err := ws.Upgrader{Protocol: func(p []byte) bool { return string(p) == "y" }}.Upgrade(w)
			return err
		},
		"gorilla": func(w *hsWire, request []byte) error {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
			if err != nil {
				return err
			}
			u := websocket.Upgrader{Subprotocols: []string{"y"}}
			_, err = u.Upgrade(hsHijacker{httptest.NewRecorder(), w}, r, nil)
			return err
		},
	}
	offered := []string{"x", "y"}
	request, err := wsproto.AppendRequest(nil, &wsproto.ClientRequest{
		Host: "a:81", Target: "/b", Key: hsKey, Protocols: offered, Origin: "http://a:81",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, serve := range servers {
		t.Run(name, func(t *testing.T) {
			var w hsWire
			if err := serve(&w, request); err != nil {
				t.Fatal(err)
			}
			var r wsproto.Response
			if n, err := r.Parse(w.out.Bytes(), wsproto.Limits{}, 0); err != nil || n != w.out.Len() {
				t.Fatalf("Parse of %q = %d, %v", w.out.Bytes(), n, err)
			}
			if err := r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey, Protocols: offered}); err != nil || string(r.Protocol) != "y" {
				t.Errorf("%v, subprotocol %q", err, r.Protocol)
			}
		})
	}
}

// The clients of others against our server.
func TestHandshakeWithClients(t *testing.T) {
	clients := map[string]func(w *hsWire) (protocol string, err error){
		"gobwas": func(w *hsWire) (string, error) {
			_, hs, err := ws.Dialer{Protocols: []string{"x", "y"}}.Upgrade(w, &url.URL{Scheme: "ws", Host: "a:81", Path: "/b"})
			return hs.Protocol, err
		},
		"gorilla": func(w *hsWire) (string, error) {
			d := websocket.Dialer{
				Subprotocols: []string{"x", "y"},
				NetDial:      func(_, _ string) (net.Conn, error) { return w, nil },
			}
			c, _, err := d.Dial("ws://a:81/b", nil)
			if err != nil {
				return "", err
			}
			return c.Subprotocol(), nil
		},
	}
	for name, dial := range clients {
		t.Run(name, func(t *testing.T) {
			from := 0
			protocol, err := dial(&hsWire{onWrite: func(w *hsWire) {
				var r wsproto.Request
				n, err := r.Parse(w.out.Bytes(), wsproto.Limits{}, from)
				if from = w.out.Len(); n == 0 && err == nil {
					return
				}
				if err == nil {
					err = r.CheckUpgrade()
				}
				if err != nil {
					t.Errorf("%q: %v", w.out.Bytes(), err)
				}
				w.in.Write(wsproto.AppendUpgradeResponse(nil, r.Key, r.SelectProtocol([]string{"y"}), nil))
			}})
			if err != nil || protocol != "y" {
				t.Errorf("%v, subprotocol %q", err, protocol)
			}
		})
	}
}
