package websocket

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// attempt is one opening handshake to be made: with the URL that Dial was given,
// or with one that it was redirected to.
type attempt struct {
	o       *DialOptions
	url     *url.URL // ws or wss, without userinfo
	auth    string   // Authorization, from the userinfo
	foreign bool     // redirected to another host: what is about the first, or about us, stays behind
}

func newAttempt(rawURL string, o *DialOptions) (*attempt, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		var whole *url.Error
		if errors.As(err, &whole) {
			err = whole.Err // the URL may hold a password
		}
		return nil, fmt.Errorf("websocket: URL: %w", err)
	}
	if u.Fragment != "" { // RFC 6455 3: "Fragment identifiers are meaningless"
		return nil, errors.New("websocket: URL has a fragment")
	}
	a := &attempt{o: o, url: u}
	if u.User != nil {
		a.auth = basic(u.User)
		u.User = nil
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	if len(o.Header)%2 != 0 {
		return nil, errors.New("websocket: DialOptions.Header has a name without a value")
	}
	return a, nil
}

func (a *attempt) check() error {
	switch network, _ := a.target(); {
	case a.url.Scheme != "ws" && a.url.Scheme != "wss":
		return fmt.Errorf("websocket: URL scheme is %q, want ws or wss", a.url.Scheme)
	case a.url.Hostname() == "" && !a.pinned():
		return errors.New("websocket: URL has no host")
	case network == "unixpacket" && a.secure():
		return errors.New("websocket: TLS needs a stream, not unixpacket")
	case network != "unixpacket" && !isStream(network):
		return fmt.Errorf("websocket: %w", net.UnknownNetworkError(network))
	}
	return nil
}

func isStream(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
		return true
	}
	return false
}

func (a *attempt) secure() bool { return a.url.Scheme == "wss" }

// pinned tells that the options say what to dial.
func (a *attempt) pinned() bool { return a.o.Network != "" && !a.foreign }

// target is what is dialled, or what a proxy is asked for.
func (a *attempt) target() (network, addr string) {
	if a.pinned() {
		return a.o.Network, a.o.Addr
	}
	return "tcp", net.JoinHostPort(a.url.Hostname(), portOf(a.url))
}

// host is the name of the server as others know it: an IPv6 zone is our own
// affair (RFC 6874 section 4).
func (a *attempt) host() string {
	host, _, _ := strings.Cut(a.url.Hostname(), "%")
	if host == "" {
		return "localhost" // behind a Unix socket, say
	}
	return host
}

var defaultPort = map[string]string{
	"ws": "80", "wss": "443", "http": "80", "https": "443", "socks5": "1080", "socks5h": "1080",
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return defaultPort[u.Scheme]
}

// authority is the value of the Host field. RFC 6455 section 4.1: the port
// follows "when not using the default port".
func (a *attempt) authority() string {
	host := a.host()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := portOf(a.url); port != defaultPort[a.url.Scheme] {
		host += ":" + port
	}
	return host
}

// request is an opening handshake, to be sent and to be answered.
type request struct {
	wsproto.ClientRequest
	head []byte
	zip  *Compression // nil: none is offered
	in   *window      // promised for what the server may send

	pieces bool // what it sends is inflated in pieces
}

// request makes the handshake, with a key of its own (RFC 6455 section 4.1 item
// 7), and with an offer of compression if zip is not nil. It ends with accepted or
// with drop.
func (a *attempt) request(zip *Compression, pieces bool) (*request, error) {
	header, err := a.header()
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	r := &request{ClientRequest: wsproto.ClientRequest{
		Host: a.authority(), Target: a.url.RequestURI(), Key: wsproto.NewKey(nonce),
		Protocols: a.o.Subprotocols, Origin: a.o.Origin, Header: header,
	}}
	if zip != nil {
		if offer, in, ok := zip.offer(pieces); ok {
			r.Deflate, r.zip, r.in, r.pieces = &offer, zip, in, pieces
		}
	}
	if r.head, err = wsproto.AppendRequest(nil, &r.ClientRequest); err != nil {
		r.drop()
		return nil, fmt.Errorf("websocket: %w", err)
	}
	return r, nil
}

// header makes the lines that are not the handshake's own.
func (a *attempt) header() (lines []byte, err error) {
	auth := a.auth
	for i := 0; i < len(a.o.Header); i += 2 {
		name, value := a.o.Header[i], a.o.Header[i+1]
		if a.foreign && isCredential(name) {
			continue
		}
		if strings.EqualFold(name, "Authorization") {
			auth = ""
		}
		if lines, err = wsproto.AppendField(lines, name, value); err != nil {
			return nil, err
		}
	}
	if auth != "" {
		return wsproto.AppendField(lines, "Authorization", auth)
	}
	return lines, nil
}

// accepted answers how messages are compressed after resp, which CheckUpgrade has
// found good; nil means that they are not.
func (r *request) accepted(resp *wsproto.Response) *deflation {
	if !resp.Deflated {
		r.drop()
		return nil
	}
	zip := r.zip.agree(resp.Deflate, r.in, r.pieces)
	r.zip = nil // nothing is left to drop
	return zip
}

// drop gives back what the offer has promised.
func (r *request) drop() {
	if r.zip != nil {
		r.zip.withdraw(r.in, r.pieces)
		r.zip = nil
	}
}

// basic makes credentials of userinfo, RFC 7617.
func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}
