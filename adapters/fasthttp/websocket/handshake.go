package websocket

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// guid is what RFC 6455 section 1.3 has a server append to the key of a client.
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// computeAcceptKey is the Sec-WebSocket-Accept that answers a key, RFC 6455 section 4.2.2 item 5.
func computeAcceptKey(challengeKey string) string {
	sum := sha1.Sum([]byte(challengeKey + guid))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// generateChallengeKey makes a Sec-WebSocket-Key, RFC 6455 section 4.1 item 7.
func generateChallengeKey() (string, error) {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(nonce[:]), nil
}

// isValidChallengeKey wants base64 of 16 bytes, RFC 6455 section 4.2.1 item 5.
func isValidChallengeKey(s string) bool {
	nonce, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(nonce) == 16
}

// tokenListContainsValue reports whether one of a header's lists of tokens has a
// value, whatever its case. name must be in its canonical form.
func tokenListContainsValue(header http.Header, name, value string) bool {
	for _, list := range header[name] {
		if tokenContainsValue(list, value) {
			return true
		}
	}
	return false
}

// tokenContainsValue is tokenListContainsValue for one list. What follows
// something that is no token is not looked at.
func tokenContainsValue(list, value string) bool {
	for more := true; more; {
		var element string
		element, list, more = strings.Cut(list, ",")
		element = trimSpace(element)
		if element == "" || tokenLength(element) < len(element) {
			return false
		}
		if equalASCIIFold(element, value) {
			return true
		}
	}
	return false
}

// equalASCIIFold compares as HTTP compares names and tokens: letters of ASCII know
// no case, all others do.
func equalASCIIFold(s, t string) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != lower(t[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// trimSpace takes off the optional whitespace of RFC 9110 section 5.6.3.
func trimSpace(s string) string { return strings.Trim(s, " \t") }

// tokenLength is how many bytes at the start of s are a token, RFC 9110 section 5.6.2.
func tokenLength(s string) int {
	for i := range len(s) {
		switch c := lower(s[i]); {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return i
		}
	}
	return len(s)
}
