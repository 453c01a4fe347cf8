package wsproto_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// hsAnswer is the response that accepts hsKey, with lines in place of some as in hsUpgrade.
func hsAnswer(lines ...string) string {
	return hsReplace([]string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + hsAccept,
	}, lines)
}

func TestResponseParse(t *testing.T) {
	type view struct {
		Status           int
		Reason, Protocol string
		Length           int64
		Interim          bool
	}
	tests := []struct {
		name string
		in   string
		want view
	}{
		{"101", hsAnswer("Sec-WebSocket-Protocol: chat"), view{101, "Switching Protocols", "chat", 0, false}},
		{"101 with a length", hsAnswer("Content-Length: 5"), view{101, "Switching Protocols", "", 0, false}},
		{"403 with a length", hsHead("HTTP/1.1 403 Forbidden", "Content-Length: 5"), view{403, "Forbidden", "", 5, false}},
		{"200 without a length", hsHead("HTTP/1.0 200 OK"), view{200, "OK", "", -1, false}},
		{"chunked", hsHead("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), view{200, "OK", "", -1, false}},
		{"chunked overrides a length", hsHead("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked"), view{200, "OK", "", -1, false}},
		{"204", hsHead("HTTP/1.1 204 No Content"), view{204, "No Content", "", 0, false}},
		{"304 with a length", hsHead("HTTP/1.1 304 Not Modified", "Content-Length: 5"), view{304, "Not Modified", "", 0, false}},
		{"103", hsHead("HTTP/1.1 103 Early Hints", "Link: </a>"), view{103, "Early Hints", "", 0, true}},
		{"no reason", hsHead("HTTP/1.1 500 ", "Content-Length: 0"), view{500, "", "", 0, false}},
		{"reason beyond ASCII", hsHead("HTTP/1.1 999 N\xe9in \t"), view{999, "N\xe9in \t", "", -1, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Response
			p := []byte(tt.in + "\x81\x00")
			n, err := r.Parse(p, wsproto.Limits{}, 0)
			if err != nil || n != len(tt.in) {
				t.Fatalf("Parse = %d, %v; want %d", n, err, len(tt.in))
			}
			got := view{r.Status, string(r.Reason), string(r.Protocol), r.ContentLength, r.Interim()}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			hsCheckSplits(t, r.Parse, p, wsproto.Limits{}, nil)
		})
	}
}

func TestResponseRefused(t *testing.T) {
	small := wsproto.Limits{MaxHead: 100, MaxHeaders: 2}
	tests := []struct {
		name string
		in   string
	}{
		{"another protocol", "SSH-2.0-OpenSSH"},
		{"TLS alert", "\x15\x03\x01"},
		{"its first byte", "\x15"},
		{"HTTP/2 settings", "\x00\x00\x12\x04"},
		{"HTTP/2 in words", "HTTP/2"},
		{"HTTP/1.2", hsHead("HTTP/1.2 200 OK")},
		{"lower case", "http/1.1 200 OK"},
		{"no status", hsHead("HTTP/1.1")},
		{"status of two digits", hsHead("HTTP/1.1 20 OK.")},
		{"status of four digits", hsHead("HTTP/1.1 2000 OK")},
		{"status below 100", hsHead("HTTP/1.1 099 No")},
		{"status with a sign", hsHead("HTTP/1.1 +10 No")},
		{"two spaces", hsHead("HTTP/1.1  101 No")},
		{"no space after the status", hsHead("HTTP/1.1 101")},
		{"control character in the reason", hsHead("HTTP/1.1 403 \x1b[31m")},
		{"bare LF", "HTTP/1.1 200 OK\n"},
		{"folded field", hsHead("HTTP/1.1 200 OK", "A: b", " c")},
		{"space before the colon", hsHead("HTTP/1.1 200 OK", "A : b")},
		{"bad Content-Length", hsHead("HTTP/1.1 200 OK", "Content-Length: 0x5")},
		{"Content-Length twice", hsHead("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6")},
		{"too many fields", "HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\nE"},
		{"endless reason", hsHead("HTTP/1.1 200 OOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOOO")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Response
			n, err := r.Parse([]byte(tt.in), small, 0)
			if n != 0 || err == nil || hsStatus(t, err) != 0 {
				t.Errorf("Parse = %d, %v", n, err)
			}
			hsCheckSplits(t, r.Parse, []byte(tt.in), small, nil)
		})
	}
}

func TestResponseCheckUpgrade(t *testing.T) {
	const bad = "wsproto: bad handshake: "
	offered := []string{"chat", "superchat"}
	tests := []struct {
		name   string
		in     string
		status int
		text   string // empty: accepted
	}{
		{"as in RFC 6455", hsAnswer(), 101, ""},
		{"in any case", hsAnswer("Upgrade: WebSocket", "Connection: keep-alive, upgrade"), 101, ""},
		{"whitespace around the accept", hsAnswer("Sec-WebSocket-Accept: \t" + hsAccept + " "), 101, ""},
		{"a subprotocol of those offered", hsAnswer("Sec-WebSocket-Protocol: superchat"), 101, ""},
		{"no extension in so many words", hsAnswer("Sec-WebSocket-Extensions: ,"), 101, ""},
		{"a length that means nothing", hsAnswer("Content-Length: 5"), 101, ""},

		{"403", hsHead("HTTP/1.1 403 Forbidden", "Content-Length: 0"), 403, "403 Forbidden"},
		{"no reason", hsHead("HTTP/1.1 503 "), 503, "503"},
		{"200 with all the rest", hsReplace([]string{"HTTP/1.1 200 OK", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: " + hsAccept}, nil), 200, "200 OK"},
		{"103", hsHead("HTTP/1.1 103 Early Hints"), 103, "103 Early Hints"},
		{"101 in HTTP/1.0", "HTTP/1.0" + hsAnswer()[8:], 101, "101 in HTTP/1.0"},
		{"no Upgrade", hsAnswer("-Upgrade"), 101, "the Upgrade of the server is not websocket"},
		{"Upgrade to something else", hsAnswer("Upgrade: h2c"), 101, "the Upgrade of the server is not websocket"},
		{"Upgrade to more than websocket", hsAnswer("Upgrade: h2c, websocket"), 101, "the Upgrade of the server is not websocket"},
		{"no Connection", hsAnswer("-Connection"), 101, "the Connection of the server does not hold Upgrade"},
		{"Connection without upgrade", hsAnswer("Connection: close"), 101, "the Connection of the server does not hold Upgrade"},
		{"no accept", hsAnswer("-Sec-WebSocket-Accept"), 101, "Sec-WebSocket-Accept does not match the key"},
		{"another accept", hsAnswer("Sec-WebSocket-Accept: " + hsKey), 101, "Sec-WebSocket-Accept does not match the key"},
		{"accept in another case", hsAnswer("Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo="), 101, "Sec-WebSocket-Accept does not match the key"},
		{"accept twice", hsAnswer("sec-websocket-accept: " + hsAccept), 101, "a field of the server's handshake is repeated"},
		{"an extension", hsAnswer("Sec-WebSocket-Extensions: permessage-deflate"), 101, "the server uses an extension that was not offered"},
		{"another subprotocol", hsAnswer("Sec-WebSocket-Protocol: mqtt"), 101, "the server chose a subprotocol that was not offered"},
		{"subprotocol in another case", hsAnswer("Sec-WebSocket-Protocol: Chat"), 101, "the server chose a subprotocol that was not offered"},
		{"two subprotocols", hsAnswer("Sec-WebSocket-Protocol: chat, superchat"), 101, "the server chose a subprotocol that was not offered"},
		{"empty subprotocol", hsAnswer("Sec-WebSocket-Protocol:"), 101, "the server chose a subprotocol that was not offered"},
		{"subprotocol twice", hsAnswer("Sec-WebSocket-Protocol: chat", "sec-websocket-protocol: chat"), 101, "a field of the server's handshake is repeated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Response
			if n, err := r.Parse([]byte(tt.in), wsproto.Limits{}, 0); n == 0 || err != nil {
				t.Fatalf("Parse = %d, %v", n, err)
			}
			err := r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey, Protocols: offered})
			if tt.text == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if hsStatus(t, err) != tt.status || err == nil || err.Error() != bad+tt.text {
				t.Errorf("CheckUpgrade = %v, want %q with status %d", err, tt.text, tt.status)
			}
		})
	}
}

// What a client needs to report a refusal, or to follow a redirect.
func TestResponseRefusalDetails(t *testing.T) {
	var r wsproto.Response
	head := hsHead("HTTP/1.1 307 Temporary Redirect", "Location: wss://b.example/", "Content-Length: 4")
	n, err := r.Parse([]byte(head+"moved"), wsproto.Limits{}, 0)
	if n != len(head) || err != nil || r.ContentLength != 4 || string(r.Header("location")) != "wss://b.example/" {
		t.Errorf("Parse = %d, %v: %+v", n, err, r)
	}
}

func TestResponseInterimThenAnswer(t *testing.T) {
	p := []byte(hsHead("HTTP/1.1 103 Early Hints") + hsAnswer() + "\x81\x00")
	var r wsproto.Response
	n, err := r.Parse(p, wsproto.Limits{}, 0)
	if err != nil || !r.Interim() {
		t.Fatalf("Parse = %d, %v", n, err)
	}
	m, err := r.Parse(p[n:], wsproto.Limits{}, 0)
	if err != nil || r.Interim() || r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey}) != nil || string(p[n+m:]) != "\x81\x00" {
		t.Errorf("Parse = %d, %v", m, err)
	}
}
