package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// dialer finds peers that vanished as engine.Dial does.
var dialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Minute, Interval: 30 * time.Second, Count: 4},
}

// reach connects to the server of an attempt, through the proxy if there is one,
// with TLS if it takes that. early are bytes of the server that came with the
// proxy's answer.
func (a *attempt) reach(ctx context.Context, proxy *url.URL) (nc net.Conn, early []byte, err error) {
	defer func() {
		if err == nil {
			return
		}
		if nc != nil {
			_ = bare(nc).Close()
		}
		if cause := stopped(ctx); cause != nil {
			err = cause
		}
		nc, early = nil, nil
	}()
	if proxy == nil {
		network, addr := a.target()
		if nc, err = dialer.DialContext(ctx, network, addr); err != nil {
			return nil, nil, fmt.Errorf("websocket: %w", err)
		}
	} else if nc, early, err = a.throughProxy(ctx, proxy); err != nil {
		return nc, nil, err
	}
	if !a.secure() {
		return nc, early, nil
	}
	if len(early) > 0 { // RFC 8446 section 2: it is the client that speaks first
		return nc, nil, proxyError(proxy, errors.New("bytes before TLS has begun"))
	}
	secured, err := secure(ctx, nc, a.tls())
	if err != nil {
		return nc, nil, fmt.Errorf("websocket: %w", err)
	}
	return secured, nil, nil
}

// tls is the configuration for the server of an attempt.
func (a *attempt) tls() *tls.Config {
	cfg := a.o.tls()
	if cfg.ServerName == "" || a.foreign {
		cfg.ServerName = a.host()
	}
	return cfg
}

func (o *DialOptions) tls() *tls.Config {
	cfg := o.TLS.Clone()
	if cfg == nil {
		cfg = new(tls.Config)
	}
	if cfg.NextProtos == nil {
		cfg.NextProtos = []string{"http/1.1"} // RFC 7301; h2 would be another handshake, RFC 8441
	}
	return cfg
}

// secure puts TLS on a connection, which stays the caller's when that fails.
func secure(ctx context.Context, nc net.Conn, cfg *tls.Config) (net.Conn, error) {
	tc := tls.Client(nc, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return tc, nil
}

// bare is the connection below TLS. Closing it blocks nobody: TLS would write a
// farewell, for which it waits 5 s.
func bare(nc net.Conn) net.Conn {
	for {
		tc, ok := nc.(*tls.Conn)
		if !ok {
			return nc
		}
		nc = tc.NetConn()
	}
}

// longAgo is a deadline that ends what blocks.
var longAgo = time.Unix(1, 0)

// interruptible lets the end of ctx interrupt what blocks on a connection, by
// way of one of its three kinds of deadline. Undo ends that and clears the
// deadline, so that an interruption does not outlive the call it was meant for.
func interruptible(ctx context.Context, setDeadline func(time.Time) error) (undo func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = setDeadline(longAgo)
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
			_ = setDeadline(time.Time{})
		}
	}
}

// stopped answers why ctx has ended, nil when it goes on. The deadline of a socket
// may fire a moment before that of the context it was taken from.
func stopped(ctx context.Context) error {
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		<-ctx.Done()
	}
	switch cause := context.Cause(ctx); cause {
	case nil, ErrHandshakeTimeout:
		return cause
	default:
		return fmt.Errorf("websocket: dial: %w", cause)
	}
}

// ask sends a request and reads the answer to it; rest are the bytes behind.
// early are those that have come before. The error is a *wsproto.HandshakeError,
// or of the connection.
func (a *answer) ask(ctx context.Context, nc net.Conn, head, early []byte, lim wsproto.Limits) (r *wsproto.Response, rest []byte, err error) {
	defer interruptible(ctx, nc.SetDeadline)()
	if _, err = nc.Write(head); err != nil {
		return nil, nil, err
	}
	buf := append(make([]byte, 0, 1024), early...)
	for {
		r, n, bad := a.find(buf, lim)
		if r != nil || bad != nil {
			return r, buf[n:], bad
		}
		if err != nil {
			return nil, nil, err
		}
		buf = append(buf[:0], buf[n:]...) // interim answers go
		if len(buf) == cap(buf) {         // lim ends this
			buf = append(make([]byte, 0, 2*cap(buf)), buf...)
		}
		var k int
		k, err = nc.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
	}
}
