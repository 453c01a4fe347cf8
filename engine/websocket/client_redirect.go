package websocket

import (
	"context"
	"errors"
	"strings"
	"time"
)

// follow tries the URL, then those it is redirected to, within the bounds that
// the options set.
func follow(ctx context.Context, rawURL string, o *DialOptions, try func(ctx context.Context, a *attempt) error) error {
	a, err := newAttempt(rawURL, o)
	if err != nil {
		return err
	}
	if limit := orDefault(o.HandshakeTimeout, 10*time.Second); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, ErrHandshakeTimeout)
		defer cancel()
	}
	for left := o.Redirects; ; left-- {
		err := try(ctx, a)
		var he *HandshakeError
		if left <= 0 || !errors.As(err, &he) || !he.redirects() {
			return err
		}
		if a, err = a.redirected(he); err != nil {
			return err
		}
	}
}

// redirects tells the statuses of RFC 9110 section 15.4 that name another place
// for the same request. What 301 and 302 may do to a POST (section 15.4.2) does
// not concern a GET.
func (e *HandshakeError) redirects() bool {
	switch e.Status {
	case 301, 302, 303, 307, 308:
		return e.location != ""
	}
	return false
}

// redirected is the attempt that follows a. One that may not be made is an
// error: he, with another reason.
func (a *attempt) redirected(he *HandshakeError) (*attempt, error) {
	refuse := func(why string) (*attempt, error) {
		refusal := *he
		refusal.Reason += ": redirect " + why
		return nil, &refusal
	}
	u, err := a.url.Parse(he.location)
	if err != nil {
		return refuse("is not a URL")
	}
	// The answer is HTTP's and so, mostly, is its Location. The Fetch
	// standard maps the schemes the other way, which comes to the same.
	switch u.Scheme {
	case "http":
		u.Scheme = "ws"
	case "https":
		u.Scheme = "wss"
	}
	u.User = nil // a server does not say who we are
	u.Fragment, u.RawFragment = "", ""
	next := *a
	next.url = u
	if !sameHost(a, &next) {
		next.foreign, next.auth = true, "" // and it stays so, even on a way back
	}
	switch err := next.check(); {
	case err != nil:
		return refuse(strings.TrimPrefix(err.Error(), "websocket: "))
	case a.secure() && !next.secure():
		return refuse("leads from wss to ws")
	}
	return &next, nil
}

// sameHost tells whether b may know what a knows: another port is another
// server, but for the step from the default port of ws to that of wss.
func sameHost(a, b *attempt) bool {
	upgrade := portOf(a.url) == "80" && portOf(b.url) == "443" && b.secure()
	return strings.EqualFold(a.url.Hostname(), b.url.Hostname()) && (upgrade || portOf(a.url) == portOf(b.url))
}

// isCredential tells the header fields that are for one host only.
func isCredential(name string) bool {
	for _, c := range []string{"Authorization", "Cookie", "Proxy-Authorization"} {
		if strings.EqualFold(name, c) {
			return true
		}
	}
	return false
}
