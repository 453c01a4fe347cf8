package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// connectOptions are the flags of sockeye connect.
type connectOptions struct {
	execute      []string
	wait         float64
	waitSet      bool
	count        int
	binary       bool
	subprotocols []string
	headers      []string
	origin       string
	timeout      time.Duration
	maxMessage   size
	compress     bool
	reach        reachOptions
}

func newConnect() *cobra.Command {
	o := connectOptions{maxMessage: 16 << 20}
	cmd := &cobra.Command{
		Use:   "connect URL",
		Short: "Talk to a server over WebSocket, TCP or Unix sockets",
		Long: `Connect sends what it reads from standard input and prints what it receives to
standard output; everything else goes to standard error.

  ws://host:port/path  ws+unix:///path       WebSocket: each line of input is a
  wss://host:port/path                       text message, each message a line
                                             of output; wss is over TLS
  unixpacket:///path                         the same with packets
  tcp://host:port  tcp4://…  tcp6://…
  unix:///path  unix://@abstract             a stream: bytes as they come

On a terminal there is a prompt with line editing, "< " marks what was received,
and control characters are made visible. At the end of input (Ctrl-D) a
WebSocket connection is closed with 1000 and a stream is half-closed; what the
server still sends is printed until it closes too.

A proxy is http://host:port, https://host:port or socks5://host:port, with
user:password@ if it asks for it. Credentials of a WebSocket URL are sent too, as
Authorization: Basic.

Differences to wscat: -n counts messages, as in "echo hi | websocat -n1 URL"
(wscat's -n, --no-check, is --insecure here), and several -x are sent one after
the other. With -x standard input is not read.

Exit codes: 0 the connection was closed cleanly (WebSocket: 1000, 1001 or no
code); 1 it could not be opened, broke, was closed with another code, or ended
before -n messages had come; 2 wrong usage; 130 Ctrl-C, 143 SIGTERM.`,
		Example: `  sockeye connect ws://localhost:8080/
  sockeye connect -x hello -n 1 ws://localhost:8080/
  printf 'Hello Server! Greetings.' | sockeye connect tcp://localhost:9988
  sockeye connect --binary ws://localhost:8080/ <in >out
  sockeye connect --proxy socks5://localhost:1080 wss://example.com/chat`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("want one URL, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.waitSet = cmd.Flags().Changed("wait")
			return connect(cmd, args[0], &o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.execute, "execute", "x", nil, "send `message` after connecting, instead of standard input; repeatable")
	f.Float64VarP(&o.wait, "wait", "w", 0, "`seconds` to stay after the last message was sent, before closing; negative: until the server closes (default 2 with -x over WebSocket, for ever with -n, else 0)")
	f.IntVarP(&o.count, "count", "n", 0, "close after that `number` of messages (of lines, on a stream) was received; fail if fewer came")
	f.BoolVarP(&o.binary, "binary", "b", false, "send binary messages, in pieces as standard input is read, and print what is received with nothing added")
	f.StringArrayVarP(&o.subprotocols, "subprotocol", "s", nil, "offer a WebSocket subprotocol, repeatable, the preferred one first")
	f.StringArrayVarP(&o.headers, "header", "H", nil, "add a header `'Name: value'` to the WebSocket handshake, repeatable")
	f.StringVarP(&o.origin, "origin", "o", "", "Origin of the WebSocket handshake")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "for connecting, for the server's close, and for a gap in the rest of a stream; 0 means for ever")
	o.reach.add(f)
	f.BoolVar(&o.compress, "compress", false, "offer the WebSocket server to compress messages (permessage-deflate)")
	f.Var(&o.maxMessage, "max-message", "bytes of a WebSocket message received, -1 means no limit")
	return cmd
}

func (o *connectOptions) validate(end *endpoint) error {
	switch {
	case end.datagrams():
		return usagef("%s: connect knows no datagrams; try nc -u", end.scheme)
	case o.count < 0:
		return usagef("-n is %d, want 0 or more", o.count)
	case o.timeout < 0:
		return usagef("--timeout is %v, want 0 or more", o.timeout)
	case o.count > 0 && o.binary && !end.messages():
		return usagef("-n counts messages: a --binary stream has none")
	case !end.websocket() && (len(o.subprotocols) > 0 || len(o.headers) > 0 || o.origin != "" || o.compress):
		return usagef("--subprotocol, --header, --origin and --compress need a ws:// or wss:// URL")
	}
	for _, h := range o.headers {
		if k, _, ok := strings.Cut(h, ":"); !ok || strings.TrimSpace(k) == "" {
			return usagef("--header is %q, want 'Name: value'", h)
		}
	}
	if err := o.handshake(); err != nil {
		return err
	}
	return o.reach.resolve(end)
}

// handshake tells what Dial would refuse to send.
func (o *connectOptions) handshake() error {
	r := wsproto.ClientRequest{Host: "localhost", Key: wsproto.NewKey([16]byte{}), Origin: o.origin, Protocols: o.subprotocols}
	for _, h := range o.headers {
		name, value, _ := strings.Cut(h, ":")
		line, err := wsproto.AppendField(nil, strings.TrimSpace(name), strings.TrimSpace(value))
		if err == nil {
			_, err = wsproto.AppendRequest(nil, &wsproto.ClientRequest{Host: r.Host, Key: r.Key, Header: line})
		}
		if err != nil {
			return usagef("--header: %q: %w", name, err) // the value may be a secret
		}
	}
	if _, err := wsproto.AppendRequest(nil, &r); err != nil {
		return usagef("--subprotocol or --origin: %w", err)
	}
	return nil
}

// stay is how long to wait for answers when everything was sent; negative means
// for ever.
func (o *connectOptions) stay(end *endpoint) time.Duration {
	switch {
	case o.waitSet:
		return time.Duration(o.wait * float64(time.Second))
	case o.count > 0:
		return -1
	case len(o.execute) > 0 && end.websocket():
		return 2 * time.Second // as wscat
	}
	return 0
}

func connect(cmd *cobra.Command, raw string, o *connectOptions) error {
	end, err := parseEndpoint(raw)
	if err != nil {
		return err
	}
	if end.user != "" { // a password is not for the screen
		raw = end.scheme + "://" + end.addr + end.target
	}
	if err := o.validate(&end); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := engine.New(engine.Config{Loops: 1, Logger: log})
	if err != nil {
		return err
	}
	sigs, stop := stopSignals()
	defer stop()
	s := newSession(&end, o, cmd.InOrStdin(), cmd.OutOrStdout())
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if o.timeout > 0 {
		t := time.AfterFunc(o.timeout, func() { cancel(fmt.Errorf("no connection within %v", o.timeout)) })
		defer t.Stop()
	}
	dialed := make(chan error, 1)
	go func() { dialed <- s.dial(ctx, e) }()
	select {
	case err = <-dialed:
	case sig := <-sigs:
		return &signalError{sig}
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("connect %s: %w", raw, err)
	}
	if s.term == nil {
		err = s.run(sigs)
	} else {
		fmt.Fprintf(cmd.ErrOrStderr(), "connected to %s (Ctrl-D ends)\n", raw)
		if err := s.term.edit(); err != nil {
			return fmt.Errorf("terminal: %w", err)
		}
		err = s.run(sigs)
		s.term.restore()
		fmt.Fprintln(cmd.ErrOrStderr(), "disconnected", s.ending)
	}
	select {
	case <-s.over:
		_ = e.Close()
	default: // the loop may be stuck in our output: the process ends with it
	}
	return err
}
