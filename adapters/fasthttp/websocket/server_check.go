package websocket

import (
	"net/http"
	"net/textproto"
	"net/url"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// refusal checks a request, RFC 6455 section 4.2.1, and what the application wants to
// add to the answer. An empty reason lets it pass.
func (u *Upgrader) refusal(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (status int, reason string) {
	switch {
	case !tokenListContainsValue(r.Header, "Connection", "upgrade"):
		return http.StatusBadRequest, badHandshake + "'upgrade' token not found in 'Connection' header"
	case !tokenListContainsValue(r.Header, "Upgrade", "websocket"):
		// RFC 9110 section 15.5.22: the response names what is to be upgraded to.
		w.Header().Set("Upgrade", "websocket")
		return http.StatusUpgradeRequired, badHandshake + "'websocket' token not found in 'Upgrade' header"
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, badHandshake + "request method is not GET"
	case !tokenListContainsValue(r.Header, "Sec-Websocket-Version", "13"):
		return http.StatusBadRequest, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"
	case names(responseHeader, "Sec-Websocket-Extensions"):
		return http.StatusInternalServerError, "websocket: application specific 'Sec-WebSocket-Extensions' headers are unsupported"
	}
	check := u.CheckOrigin
	if check == nil {
		check = checkSameOrigin
	}
	switch {
	case !check(r):
		return http.StatusForbidden, "websocket: request origin not allowed by Upgrader.CheckOrigin"
	case !isValidChallengeKey(r.Header.Get("Sec-Websocket-Key")):
		return http.StatusBadRequest, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"
	case reactor.Ending():
		return http.StatusServiceUnavailable, reactor.ErrShutdown.Error()
	}
	return 0, ""
}

// refuse answers a request that is not upgraded.
func (u *Upgrader) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) error {
	reactor.Refused.Add(1)
	err := HandshakeError{reason}
	if u.Error != nil {
		u.Error(w, r, status, err)
		return err
	}
	w.Header().Set("Sec-Websocket-Version", "13") // RFC 6455 section 4.2.2 item 4
	http.Error(w, http.StatusText(status), status)
	return err
}

// names tells whether a header that the application has made has a field, however
// its name is written.
func names(header http.Header, canonical string) bool {
	for name := range header {
		if textproto.CanonicalMIMEHeaderKey(name) == canonical {
			return true
		}
	}
	return false
}

// checkSameOrigin tells whether a request has no Origin, or one with its own host.
func checkSameOrigin(r *http.Request) bool {
	origin := r.Header["Origin"]
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(origin[0])
	return err == nil && equalASCIIFold(u.Host, r.Host)
}

// selectSubprotocol is the one that the answer names; empty for none.
func (u *Upgrader) selectSubprotocol(r *http.Request, responseHeader http.Header) string {
	if u.Subprotocols == nil {
		for name, values := range responseHeader {
			if textproto.CanonicalMIMEHeaderKey(name) == "Sec-Websocket-Protocol" && len(values) > 0 {
				return values[0]
			}
		}
		return ""
	}
	for _, offered := range Subprotocols(r) {
		for _, own := range u.Subprotocols {
			if offered == own {
				return own
			}
		}
	}
	return ""
}
