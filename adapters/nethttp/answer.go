package nethttp

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// fail answers with an error that is not the policy's, and returns it.
func fail(w http.ResponseWriter, r *http.Request, status int, err error) error {
	answer(w, r, &websocket.RefuseError{Status: status, Body: err.Error() + "\n"})
	return err
}

// refuse answers as the policy has decided, and returns err.
func refuse(w http.ResponseWriter, r *http.Request, err error) error {
	var refused *websocket.Refused
	if errors.As(err, &refused) {
		answer(w, r, &refused.Answer)
	}
	return err
}

func answer(w http.ResponseWriter, r *http.Request, a *websocket.RefuseError) {
	h := w.Header()
	for _, name := range ofBody {
		h.Del(name)
	}
	for i := 0; i < len(a.Header); i += 2 {
		h.Del(a.Header[i]) // what middleware has set for all answers
	}
	for i := 0; i < len(a.Header); i += 2 {
		h.Add(a.Header[i], a.Header[i+1])
	}
	if a.Body != "" && h.Get("Content-Type") == "" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	status := a.Status
	switch {
	case r.ProtoMajor < 2:
		if r.Header.Get("Upgrade") != "" {
			// Whoever hoped for an upgrade may have sent frames, which are not
			// the next request.
			h.Set("Connection", "close")
		}
		switch status {
		case http.StatusMethodNotAllowed:
			h.Set("Allow", http.MethodGet) // RFC 9110 section 15.5.6: MUST
		case http.StatusUpgradeRequired:
			h.Set("Upgrade", "websocket") // RFC 9110 section 15.5.22: MUST
			h.Add("Connection", "Upgrade")
			h.Set("Sec-WebSocket-Version", "13") // RFC 6455 section 4.4
		}
	case status == http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodConnect)
	case status == http.StatusUpgradeRequired:
		status = http.StatusBadRequest // HTTP/2 has no Upgrade, without which there is no 426
		h.Set("Sec-WebSocket-Version", "13")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, a.Body)
}

// ofBody are the fields that speak of a body which is not sent.
var ofBody = []string{"Content-Length", "Content-Encoding", "Content-Type", "Content-Range", "Transfer-Encoding", "Trailer"}

// oneLine does to values what net/http does when it writes them.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// addLines adds what middleware has put into the header of the answer. As net/http
// does, it leaves out what cannot be sent; and what is the handshake's own.
func addLines(a *websocket.Accepted, h http.Header) {
next:
	for name, values := range h {
		for _, other := range ofBody {
			if http.CanonicalHeaderKey(name) == other {
				continue next
			}
		}
		for _, v := range values {
			_ = a.AddHeader(name, strings.TrimSpace(oneLine.Replace(v)))
		}
	}
}
