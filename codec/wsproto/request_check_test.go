package wsproto_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func TestRequestCheckUpgrade(t *testing.T) {
	tests := []struct {
		name   string
		in     string
		status int // 0: accepted
	}{
		{"as in RFC 6455", hsUpgrade(), 0},
		{"with all that a browser sends", hsUpgrade("Pragma: no-cache", "Cache-Control: no-cache", "Origin: https://a.example",
			"User-Agent: Mozilla/5.0", "Accept-Encoding: gzip, deflate, br", "Cookie: a=b",
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 0},
		{"Connection as a list", hsUpgrade("Connection: keep-alive, Upgrade"), 0},
		{"Connection over two fields", hsUpgrade("Connection: keep-alive", "connection: upgrade"), 0},
		{"Upgrade as a list", hsUpgrade("Upgrade: h2c, websocket"), 0},
		{"Upgrade over two fields", hsUpgrade("Upgrade: h2c", "upgrade: websocket"), 0},
		{"Upgrade and Connection in capitals", hsUpgrade("Upgrade: WEBSOCKET", "Connection: UPGRADE"), 0},
		{"lists with empty elements", hsUpgrade("Upgrade: ,, websocket ,", "Connection: ,upgrade,\t"), 0},
		{"absolute target", strings.Replace(hsUpgrade(), "/chat", "http://a.example/chat", 1), 0},
		{"absolute target and an empty Host", strings.Replace(hsUpgrade("Host:"), "/chat", "http://a.example/chat", 1), 0},
		{"no body in so many words", hsUpgrade("Content-Length: 0"), 0},
		{"subprotocols", hsUpgrade("Sec-WebSocket-Protocol: chat, v12.stomp", "sec-websocket-protocol: mqtt"), 0},
		{"empty list of subprotocols", hsUpgrade("Sec-WebSocket-Protocol: ,"), 0},

		{"POST", strings.Replace(hsUpgrade(), "GET", "POST", 1), 405},
		{"HEAD", strings.Replace(hsUpgrade(), "GET", "HEAD", 1), 405},
		{"get", strings.Replace(hsUpgrade(), "GET", "get", 1), 405},
		{"HTTP/1.0", strings.Replace(hsUpgrade(), "HTTP/1.1", "HTTP/1.0", 1), 505},
		{"empty Host", hsUpgrade("Host:"), 400},
		{"no Upgrade", hsUpgrade("-Upgrade"), 426},
		{"plain request", hsHead("GET / HTTP/1.1", "Host: a"), 426},
		{"Upgrade to something else", hsUpgrade("Upgrade: h2c"), 426},
		{"Upgrade that only holds the word", hsUpgrade("Upgrade: websockets"), 426},
		{"Upgrade with a version", hsUpgrade("Upgrade: websocket/13"), 426},
		{"no Connection", hsUpgrade("-Connection"), 400},
		{"Connection without upgrade", hsUpgrade("Connection: keep-alive"), 400},
		{"no version", hsUpgrade("-Sec-WebSocket-Version"), 426},
		{"version 8", hsUpgrade("Sec-WebSocket-Version: 8"), 426},
		{"version 013", hsUpgrade("Sec-WebSocket-Version: 013"), 426},
		{"versions as a list", hsUpgrade("Sec-WebSocket-Version: 13, 8"), 426},
		{"version 8 without a key", hsUpgrade("Sec-WebSocket-Version: 8", "-Sec-WebSocket-Key"), 426},
		{"version twice", hsUpgrade("sec-websocket-version: 13"), 400},
		{"no key", hsUpgrade("-Sec-WebSocket-Key"), 400},
		{"empty key", hsUpgrade("Sec-WebSocket-Key:"), 400},
		{"empty key twice", hsUpgrade("Sec-WebSocket-Key:", "sec-websocket-key:"), 400},
		{"key twice", hsUpgrade("sec-websocket-key: " + hsKey), 400},
		{"key of 15 bytes", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"), 400},
		{"key of 17 bytes", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAA="), 400},
		{"key of 18 bytes", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA"), 400},
		{"key without padding", hsUpgrade("Sec-WebSocket-Key: " + hsKey[:22]), 400},
		{"key in base64url", hsUpgrade("Sec-WebSocket-Key: -_AAAAAAAAAAAAAAAAAAAA=="), 400},
		{"key with half its padding", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=A"), 400},
		{"key with a space", hsUpgrade("Sec-WebSocket-Key: AA AAAAAAAAAAAAAAAAAAA=="), 400},
		{"key that is not canonical", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB=="), 400},
		{"Origin twice", hsUpgrade("Origin: a", "origin: a"), 400},
		{"Origin twice, the first empty", hsUpgrade("Origin:", "origin: a"), 400},
		{"subprotocol that is no token", hsUpgrade("Sec-WebSocket-Protocol: a b, chat"), 400},
		{"last subprotocol that is no token", hsUpgrade("Sec-WebSocket-Protocol: chat, a b"), 400},
		{"subprotocol in quotes", hsUpgrade(`Sec-WebSocket-Protocol: "chat"`), 400},
		{"body", hsUpgrade("Content-Length: 5"), 400},
		{"chunked body", hsUpgrade("Transfer-Encoding: chunked"), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			if _, err := r.Parse([]byte(tt.in), wsproto.Limits{}, 0); err != nil {
				t.Fatalf("Parse: %v", err)
			}
			err := r.CheckUpgrade()
			if got := hsStatus(t, err); got != tt.status {
				t.Errorf("CheckUpgrade = %v, want status %d", err, tt.status)
			}
		})
	}
}

// The last character of a canonical key has one of four values: 2 bits of the nonce, and 4 that are zero.
func TestRequestKeyLastCharacter(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for _, c := range alphabet {
		var r wsproto.Request
		if _, err := r.Parse([]byte(hsUpgrade("Sec-WebSocket-Key: "+strings.Repeat("A", 21)+string(c)+"==")), wsproto.Limits{}, 0); err != nil {
			t.Fatal(err)
		}
		if got, want := r.CheckUpgrade() == nil, strings.ContainsRune("AQgw", c); got != want {
			t.Errorf("last character %c accepted: %v, want %v", c, got, want)
		}
	}
}
