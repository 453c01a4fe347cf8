package engine_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// A way makes a connection that h serves and returns its other end, which has a
// deadline and is closed with the test.
type way func(t testing.TB, e *engine.Engine, h engine.Handler, o engine.Options) net.Conn

// ways are all the transports and all the ways in, for tests that are one
// conversation.
func ways() map[string]way {
	listening := func(network, addr string) way {
		return func(t testing.TB, e *engine.Engine, h engine.Handler, o engine.Options) net.Conn {
			t.Helper()
			at := addr
			if at == "" {
				at = t.TempDir() + "/s"
			}
			ln := listen(t, e, network, at, h, engine.ListenOptions{Options: o})
			return dial(t, ln.Addr())
		}
	}
	return map[string]way{
		"tcp":        listening("tcp", "127.0.0.1:0"),
		"unix":       listening("unix", ""),
		"unixpacket": listening("unixpacket", ""),
		"tls": func(t testing.TB, e *engine.Engine, h engine.Handler, o engine.Options) net.Conn {
			t.Helper()
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ln, err := e.ServeListener(tls.NewListener(inner, serverTLS()), h, engine.ListenOptions{Options: o})
			if err != nil {
				t.Fatal(err)
			}
			nc := tls.Client(dial(t, ln.Addr()), clientTLS())
			t.Cleanup(func() { _ = nc.Close() })
			return nc
		},
		"dial": func(t testing.TB, e *engine.Engine, h engine.Handler, o engine.Options) net.Conn {
			t.Helper()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			if _, err := e.Dial(t.Context(), "tcp", ln.Addr().String(), h, engine.DialOptions{Options: o}); err != nil {
				t.Fatal(err)
			}
			return accept(t, ln)
		},
	}
}

func accept(t testing.TB, ln net.Listener) net.Conn {
	t.Helper()
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return nc
}

// serverTLS has a certificate that nobody vouches for.
var serverTLS = sync.OnceValue(func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
})

func clientTLS() *tls.Config { return &tls.Config{InsecureSkipVerify: true} }
