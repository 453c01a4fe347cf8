package wsproto_test

import (
	"io"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// hsBrowser is what a current browser sends.
var hsBrowser = []byte(hsUpgrade("Pragma: no-cache", "Cache-Control: no-cache",
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	"Origin: https://example.com", "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: en-US,en;q=0.9",
	"Cookie: session=0123456789abcdef0123456789abcdef", "Sec-WebSocket-Protocol: v2.chat, v1.chat",
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"))

var hsSupported = []string{"v1.chat"}

func TestHandshakeAllocations(t *testing.T) {
	var (
		req   wsproto.Request
		resp  wsproto.Response
		out   = make([]byte, 0, 1024)
		plain = []byte(hsHead("GET / HTTP/1.1", "Host: a"))
		hello = []byte("\x16\x03\x01")
		yes   = []byte(hsAnswer())
		extra = hsField(t, "Set-Cookie", "a=b")
		cr    = wsproto.ClientRequest{Host: "a", Target: "/b", Key: hsKey, Protocols: hsSupported, Header: extra}
		n     int
		err   error
	)
	tests := []struct {
		name string
		run  func()
	}{
		{"server", func() {
			if n, err = req.Parse(hsBrowser, wsproto.Limits{}, 0); err == nil {
				err = req.CheckUpgrade()
			}
			out = wsproto.AppendUpgradeResponse(out[:0], req.Key, req.SelectProtocol(hsSupported), extra)
		}},
		{"server, in two parts", func() {
			n, err = req.Parse(hsBrowser[:100], wsproto.Limits{}, 0)
			n, err = req.Parse(hsBrowser, wsproto.Limits{}, 100)
		}},
		{"fields", func() {
			for range req.EachHeader {
				n++
			}
			for range req.EachProtocol {
				n++
			}
			for range req.EachExtension {
				n++
			}
			n += len(req.Header("cookie")) + len(req.Path()) + len(req.Query()) + len(req.Cookie("session"))
			room, _ := req.QueryValue("room")
			n += len(room)
			if req.SelectProtocolOf(hsSupported) != "v1.chat" {
				err = io.EOF
			}
		}},
		{"refusal", func() {
			n, err = req.Parse(plain, wsproto.Limits{}, 0)
			if req.CheckUpgrade() == nil {
				err = nil
			}
			out, err = wsproto.AppendRefusalField(out[:0], "Retry-After", "1")
			out = wsproto.AppendErrorResponse(out, 426, out, "no")
			n = 1
		}},
		{"garbage", func() {
			if _, e := req.Parse(hello, wsproto.Limits{}, 0); e != nil {
				n = 1
			}
		}},
		{"client", func() {
			out, err = wsproto.AppendRequest(out[:0], &cr)
			if n, err = resp.Parse(yes, wsproto.Limits{}, 0); err == nil {
				err = resp.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey})
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, err = 0, nil
			if got := testing.AllocsPerRun(100, tt.run); got != 0 {
				t.Errorf("%v allocations", got)
			}
			if n == 0 || err != nil {
				t.Errorf("n %d, %v", n, err)
			}
		})
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, bb := range []struct {
		name string
		in   []byte
	}{{"browser", hsBrowser}, {"short", []byte(hsUpgrade())}} {
		b.Run("request="+bb.name, func(b *testing.B) {
			var r wsproto.Request
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.in)))
			for b.Loop() {
				if n, _ := r.Parse(bb.in, wsproto.Limits{}, 0); n == 0 || r.CheckUpgrade() != nil {
					b.Fatal("not accepted")
				}
			}
		})
	}
}

func BenchmarkRequestByteByByte(b *testing.B) {
	var r wsproto.Request
	b.ReportAllocs()
	b.SetBytes(int64(len(hsBrowser)))
	for b.Loop() {
		for end := range hsBrowser {
			if n, err := r.Parse(hsBrowser[:end], wsproto.Limits{}, max(end-1, 0)); n != 0 || err != nil {
				b.Fatal(n, err)
			}
		}
	}
}

func BenchmarkHandshakeServer(b *testing.B) {
	var r wsproto.Request
	out := make([]byte, 0, 512)
	b.SetBytes(int64(len(hsBrowser)))
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := r.Parse(hsBrowser, wsproto.Limits{}, 0); n == 0 || r.CheckUpgrade() != nil {
			b.Fatal("not accepted")
		}
		out = wsproto.AppendUpgradeResponse(out[:0], r.Key, r.SelectProtocol(hsSupported), nil)
	}
}

func BenchmarkHandshakeAccept(b *testing.B) {
	key, out := []byte(hsKey), make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		out = wsproto.AppendAccept(out[:0], key)
	}
}

func BenchmarkResponse(b *testing.B) {
	p := []byte(hsAnswer())
	var r wsproto.Response
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if n, _ := r.Parse(p, wsproto.Limits{}, 0); n == 0 || r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey}) != nil {
			b.Fatal("not accepted")
		}
	}
}
