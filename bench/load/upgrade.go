package load

import (
	"bytes"
	"fmt"
	"strings"
)

// The example of RFC 6455 section 1.3, the same for every connection: the answer is known without computing it.
const (
	nonce  = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// upgradeRequest is RFC 6455 section 4.1.
func upgradeRequest(cfg Config) []byte {
	return []byte("GET " + cfg.Path + " HTTP/1.1\r\nHost: " + cfg.Address.String() +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + nonce +
		"\r\nSec-WebSocket-Version: 13\r\n\r\n")
}

// answered takes the next bytes of the answer to an upgrade. When it is whole, the connection is open and rest is what
// the server sent right behind it, a ping for instance.
func (l *Load) answered(i int, c *conn, p []byte) (rest []byte, err error) {
	const limit = 4096
	got, partial := l.answers[i]
	if partial {
		p = append(got, p...)
	}
	head, rest, whole := bytes.Cut(p, []byte("\r\n\r\n"))
	switch {
	case whole:
		delete(l.answers, i)
		c.state = open
		return rest, checkAnswer(head)
	case len(p) >= limit:
		return nil, fmt.Errorf("the answer has no end: %.40q", p)
	case partial:
		l.answers[i] = p
	default:
		l.answers[i] = bytes.Clone(p)
	}
	return nil, nil
}

// checkAnswer looks at what shows that this is a WebSocket now. It allocates nothing when it is.
func checkAnswer(head []byte) error {
	status, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 101 ")) {
		return fmt.Errorf("the server answered %q", status)
	}
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		if strings.EqualFold(string(name), "Sec-WebSocket-Accept") && string(bytes.TrimSpace(value)) == accept {
			return nil
		}
	}
	return fmt.Errorf("no valid Sec-WebSocket-Accept in %q", head)
}
