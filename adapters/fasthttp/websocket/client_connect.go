package websocket

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
)

// netDialerFunc is the signature of net.Dialer.DialContext.
type netDialerFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// connect connects to the server of a request, with TLS if that is what its URL says.
// An error leaves what was connected to the guard.
func (d *Dialer) connect(g *guard, req *http.Request) (net.Conn, error) {
	trace := httptrace.ContextClientTrace(g.ctx)
	dial, secured, err := d.way(g, req)
	if err != nil {
		return nil, err
	}
	hostPort, hostNoPort := hostPortNoPort(req.URL)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(hostPort)
	}
	nc, err := dial(g.ctx, "tcp", hostPort)
	if err != nil {
		return nil, err
	}
	if err := g.connected(nc); err != nil {
		return nil, err
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: nc})
	}
	if secured || req.URL.Scheme != "https" {
		return nc, nil
	}
	cfg := d.tlsConfig()
	if cfg.ServerName == "" {
		cfg.ServerName = hostNoPort
	}
	tc := tls.Client(nc, cfg)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	err = tc.HandshakeContext(g.ctx)
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(tc.ConnectionState(), err)
	}
	if err != nil {
		return nil, err
	}
	return tc, nil
}

// way is how to reach the server of a request. secured tells that this includes TLS.
func (d *Dialer) way(g *guard, req *http.Request) (dial netDialerFunc, secured bool, err error) {
	if d.Proxy != nil {
		proxy, err := d.Proxy(req)
		if err != nil {
			return nil, false, err
		}
		if proxy != nil {
			dial, err = d.throughProxy(g, proxy)
			return dial, false, err
		}
	}
	if req.URL.Scheme == "https" && d.NetDialTLSContext != nil {
		return g.dialer(d.NetDialTLSContext), true, nil
	}
	return g.dialer(d.netDial()), false, nil
}

// netDial is the application's dial function for TCP, or that of a net.Dialer.
func (d *Dialer) netDial() netDialerFunc {
	switch {
	case d.NetDialContext != nil:
		return d.NetDialContext
	case d.NetDial != nil:
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			if ctx.Done() == nil {
				return d.NetDial(network, addr)
			}
			return d.netDialUntil(ctx, network, addr)
		}
	}
	return new(net.Dialer).DialContext
}

// netDialUntil leaves NetDial to itself when the context ends first.
func (d *Dialer) netDialUntil(ctx context.Context, network, addr string) (net.Conn, error) {
	type result struct {
		nc  net.Conn
		err error
	}
	done := make(chan result)
	go func() {
		nc, err := d.NetDial(network, addr)
		select {
		case done <- result{nc, err}:
		case <-ctx.Done():
			if nc != nil && err == nil {
				_ = nc.Close()
			}
		}
	}()
	select {
	case r := <-done:
		return r.nc, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *Dialer) tlsConfig() *tls.Config {
	if d.TLSClientConfig == nil {
		return new(tls.Config)
	}
	return d.TLSClientConfig.Clone()
}
