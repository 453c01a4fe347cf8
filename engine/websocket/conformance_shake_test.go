package websocket_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// acceptOf is RFC 6455 section 4.2.2, step 5.4.
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// shake does the opening handshake, and negotiates compression when there are
// offers. When early, the first frames leave in the same segment: the answer is
// read, or was asked for, later.
func (f *fuzzer) shake(offers []conformOffer, early bool) error {
	if f.client {
		return f.request(offers, early)
	}
	return f.answer(offers, early)
}

// misbehave sends an opening handshake with something wrong: a line that replaces
// the first ("GET ..."), that replaces or adds a field ("Host: a") or that removes
// one ("-Host"). What is answered becomes an event.
func (f *fuzzer) misbehave(wrong []string) {
	lines := strings.Split(strings.TrimSuffix(hello, "\r\n\r\n"), "\r\n")
	for _, w := range wrong {
		name, _, field := strings.Cut(w, ":")
		if !field && !strings.HasPrefix(w, "-") {
			lines[0] = w
			continue
		}
		name = strings.TrimPrefix(name, "-")
		lines = slices.DeleteFunc(lines, func(s string) bool { return strings.HasPrefix(s, name+":") })
		if field {
			lines = append(lines, w)
		}
	}
	f.out = append(f.out, strings.Join(lines, "\r\n")+"\r\n\r\n"...)
	f.flush(0)
	resp, err := http.ReadResponse(f.r, nil)
	if err == nil {
		f.got = append(f.got, conformEvent{"http", literally([]byte(fmt.Sprint(resp.StatusCode)))})
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	if f.end = err; err == nil && resp.StatusCode != 101 {
		_, f.end = f.r.ReadByte()
	}
	_ = f.wire.Close()
}

func (f *fuzzer) request(offers []conformOffer, early bool) error {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	f.out = append(f.out, hello[:len(hello)-2]...)
	if offers != nil {
		f.out = append(f.out, "Sec-WebSocket-Extensions: "+conformOffers(offers)+"\r\n"...)
	}
	f.out = append(f.out, "\r\n"...)
	f.shaken = func() error {
		resp, err := http.ReadResponse(f.r, nil)
		if err != nil {
			return fmt.Errorf("opening handshake: %w", noEOF(err))
		}
		_ = resp.Body.Close()
		ext := strings.Join(resp.Header["Sec-Websocket-Extensions"], ", ")
		switch h := resp.Header; {
		case resp.StatusCode != 101, !strings.EqualFold(h.Get("Upgrade"), "websocket"), !strings.EqualFold(h.Get("Connection"), "upgrade"),
			h.Get("Sec-Websocket-Accept") != acceptOf(key), h.Get("Sec-Websocket-Protocol") != "":
			return fmt.Errorf("opening handshake: %d %v", resp.StatusCode, h)
		case ext != "" && offers == nil:
			return fmt.Errorf("opening handshake: extensions %q", ext)
		case ext == "":
			return nil
		}
		p, err := conformAgreed(offers, ext)
		if err != nil {
			return fmt.Errorf("opening handshake: %w", err)
		}
		f.deflate = newConformDeflate(p, true)
		return nil
	}
	if early {
		return nil
	}
	f.flush(0)
	err := f.shaken()
	f.shaken = nil
	return err
}

func (f *fuzzer) answer(offers []conformOffer, early bool) error {
	r, err := http.ReadRequest(f.r)
	if err != nil {
		return fmt.Errorf("opening handshake: %w", noEOF(err))
	}
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	if h := r.Header; err != nil || len(key) != 16 || r.Method != "GET" || !strings.EqualFold(h.Get("Upgrade"), "websocket") ||
		!strings.EqualFold(h.Get("Connection"), "upgrade") || h.Get("Sec-Websocket-Version") != "13" {
		return fmt.Errorf("opening handshake: %s %v", r.Method, h)
	}
	f.out = append(f.out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	f.out = append(f.out, acceptOf(r.Header.Get("Sec-Websocket-Key"))+"\r\n"...)
	if ext := strings.Join(r.Header["Sec-Websocket-Extensions"], ", "); ext != "" && offers != nil {
		list, err := parseConformParams(ext)
		if err != nil {
			return fmt.Errorf("opening handshake: %w", err)
		}
		for _, o := range offers {
			var p conformParams
			if p, err = conformAnswer(o, list); err == nil {
				f.deflate = newConformDeflate(p, false)
				f.out = append(f.out, "Sec-WebSocket-Extensions: "+p.String()+"\r\n"...)
				break
			}
		}
		if err != nil {
			return fmt.Errorf("opening handshake: %w", err)
		}
	}
	f.out = append(f.out, "\r\n"...)
	if !early {
		f.flush(0)
	}
	return nil
}
