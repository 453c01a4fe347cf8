package wsproto

import "strconv"

// What the application may not set in a response, for the response says it itself.
var (
	hsUpgradeReserved = []string{
		"Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Content-Length", "Transfer-Encoding",
	}
	hsRefusalReserved = []string{
		"Upgrade", "Connection", "Allow", "Sec-WebSocket-Accept", "Sec-WebSocket-Version", "Content-Length", "Transfer-Encoding",
	}
	hsPlainReserved = []string{"Content-Length", "Transfer-Encoding"}
)

// AppendUpgradeResponse appends the response that accepts a handshake, RFC 6455 section 4.2.2 item 5; frames may follow
// at once. key is Request.Key. protocol is one of those that the client offered, see Request.SelectProtocol; empty
// means none. extra holds further field lines, made by AppendField; empty means none.
//
// A protocol that is not a token, and an extra that was not made by AppendField or sets a field of the handshake, would
// let others write into the response: that is a bug of the caller, and panics.
func AppendUpgradeResponse(dst, key []byte, protocol string, extra []byte) []byte {
	if protocol != "" && !hsIsToken(protocol) {
		panic("wsproto: AppendUpgradeResponse: protocol is not a token")
	}
	if wrong := hsCheckLines(extra, hsUpgradeReserved); wrong != "" {
		panic("wsproto: AppendUpgradeResponse: " + wrong)
	}
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
	dst = AppendAccept(dst, key)
	dst = append(dst, "\r\n"...)
	if protocol != "" {
		dst = hsAppendField(dst, "Sec-WebSocket-Protocol", protocol)
	}
	dst = append(dst, extra...)
	return append(dst, "\r\n"...)
}

// AppendUpgradeField is AppendField for what an application adds to the response of AppendUpgradeResponse: a field that the
// handshake decides, extensions included, is an error too.
func AppendUpgradeField(dst []byte, name, value string) ([]byte, error) {
	if hsFold(name, "Sec-WebSocket-Extensions") || hsIsReserved(name, hsUpgradeReserved) {
		return dst, errHSAppendReserved
	}
	return AppendField(dst, name, value)
}

// AppendRefusalField is AppendField for the extra of AppendErrorResponse: a field that the response sets itself
// is an error too.
func AppendRefusalField(dst []byte, name, value string) ([]byte, error) {
	if hsIsReserved(name, hsRefusalReserved) {
		return dst, errHSAppendReserved
	}
	return AppendField(dst, name, value)
}

// AppendErrorResponse appends the response that refuses a handshake: with the status of an error (see HandshakeError), or
// one of 300 to 399, whose Location is among the extra lines. extra is made by AppendRefusalField, empty means none. body
// is for people, may be empty, and is plain text in UTF-8 unless extra has a Content-Type. The response
// tells the client that the connection closes after it, which is the caller's part.
//
// A status outside of 300 to 599, 304 (which has no body), and an extra that was not made by AppendRefusalField, panic.
func AppendErrorResponse(dst []byte, status int, extra []byte, body string) []byte {
	if !ValidRefusal(status) {
		panic("wsproto: AppendErrorResponse: the status is not that of a refusal")
	}
	if wrong := hsCheckLines(extra, hsRefusalReserved); wrong != "" {
		panic("wsproto: AppendErrorResponse: " + wrong)
	}
	dst = hsAppendStatusLine(dst, status)
	switch status {
	case 405:
		dst = append(dst, "Allow: GET\r\nConnection: close\r\n"...) // RFC 9110 section 15.5.6: MUST be there
	case 426:
		// RFC 9110 section 15.5.22: Upgrade MUST be there, and with it Connection: upgrade (section 7.8).
		// RFC 6455 section 4.4: the versions that the server speaks.
		dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"...)
	default:
		dst = append(dst, "Connection: close\r\n"...)
	}
	if body != "" && (&Head{lines: extra}).Header("Content-Type") == nil {
		dst = append(dst, "Content-Type: text/plain; charset=utf-8\r\n"...)
	}
	dst = append(dst, extra...)
	return hsAppendBody(dst, body)
}

// ValidRefusal tells whether AppendErrorResponse takes the status.
func ValidRefusal(status int) bool { return status >= 300 && status <= 599 && status != 304 }

// AppendResponse appends a small plain response, such as the 200 of a health check. extra holds field lines made by
// AppendField; empty means none. It sets Content-Length and nothing else: not Connection, nor Date, for this package has
// no clock (RFC 9110 section 6.6.1). It panics on an extra that was not made by AppendField, and on a status
// outside of 200 to 599 or that allows no body (204, 304).
func AppendResponse(dst []byte, status int, extra []byte, body string) []byte {
	if status < 200 || status > 599 || status == 204 || status == 304 {
		panic("wsproto: AppendResponse: the status is not that of a response with a body")
	}
	if wrong := hsCheckLines(extra, hsPlainReserved); wrong != "" {
		panic("wsproto: AppendResponse: " + wrong)
	}
	dst = hsAppendStatusLine(dst, status)
	dst = append(dst, extra...)
	return hsAppendBody(dst, body)
}

func hsAppendBody(dst []byte, body string) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

func hsAppendStatusLine(dst []byte, status int) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ') // RFC 9112 section 4: it stands even if no text follows
	dst = append(dst, hsReason(status)...)
	return append(dst, "\r\n"...)
}

// hsReason is the reason phrase of the statuses that a server of WebSocket has a use for; any other has none, which is
// as good (RFC 9112 section 4).
func hsReason(status int) string {
	switch status {
	case 200:
		return "OK"
	case 301:
		return "Moved Permanently"
	case 302:
		return "Found"
	case 303:
		return "See Other"
	case 307:
		return "Temporary Redirect"
	case 308:
		return "Permanent Redirect"
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 408:
		return "Request Timeout"
	case 413:
		return "Content Too Large"
	case 414:
		return "URI Too Long"
	case 421:
		return "Misdirected Request"
	case 426:
		return "Upgrade Required"
	case 429:
		return "Too Many Requests"
	case 431:
		return "Request Header Fields Too Large"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 504:
		return "Gateway Timeout"
	case 505:
		return "HTTP Version Not Supported"
	}
	return ""
}
