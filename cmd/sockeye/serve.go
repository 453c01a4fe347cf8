package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/vitals"
	"github.com/sockeye-io/sockeye/engine"
)

// serveOptions are the flags of sockeye serve.
type serveOptions struct {
	listen     []string
	handler    string
	protocols  []string
	origins    []string
	loops      int
	maxConns   int
	idle       time.Duration
	maxMessage size
	highWater  size
	compress   compressOptions
	ping, pong time.Duration
	shutdown   time.Duration
	gcPercent  int
	log        logOptions
}

// defaultListen is served when no listener is named.
var defaultListen = []string{"tcp://localhost:9988", "ws://localhost:8080/"}

func newServe() *cobra.Command {
	o := serveOptions{maxMessage: 16 << 20, highWater: 1 << 20}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve echo, greet, broadcast or discard over TCP, Unix, UDP and WebSocket",
		Long: `Serve holds the connections of any number of listeners on a few event loops.

Listeners, --listen, as often as wanted (port 0 picks a free port; the start
lines on standard error tell which):
  tcp://host:port  tcp4://…  tcp6://…    raw TCP
  udp://host:port  udp4://…  udp6://…    datagrams
  unix:///path  unix://@abstract         Unix stream socket
  unixpacket:///path                     Unix socket that keeps packets apart
  ws://host:port/path                    WebSocket; any other path is answered 404
  ws+unix:///path  ws+unix:///path:/p    WebSocket over a Unix socket

Handlers, --handler:
  echo       what comes goes back
  greet      the first message (raw: at most 1024 bytes of the first read) is
             answered with "Thanks! Got your message:" and itself; then close
  broadcast  what one client sends goes to every client of that listener
  discard    what comes is dropped

Browsers connect from pages of the same host and port only; any other page is
answered 403. --origin, as often as wanted, replaces that rule for WebSocket:
  https://app.example.com                pages of that origin
  https://*.example.com  *.example.com   pages below that domain (http or https)
  http://localhost:*                     any port
  self                                   the same host and port
  null                                   files and sandboxed frames
  *                                      every page
Clients that send no Origin, which browsers always do, are let in.

SIGTERM or SIGINT drains: no new connections, waiting output is flushed,
WebSocket clients are told 1001. Exit code 0 when all of them were gone within
--shutdown-timeout, 1 when some had to be cut off; a second signal quits at once
with 130 (SIGINT) or 143 (SIGTERM).`,
		Example: `  sockeye serve
  sockeye serve --listen tcp://:9988 --handler greet
  sockeye serve --listen ws://:8080/chat --listen unix:///run/chat.sock --handler broadcast
  sockeye serve --listen ws://:8080/chat --origin https://app.example.com --origin self`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd, &o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.listen, "listen", "l", nil, "`URL` to listen on, repeatable (default "+strings.Join(defaultListen, " and ")+")")
	f.StringVar(&o.handler, "handler", "echo", strings.Join(handlerNames, ", "))
	f.StringArrayVarP(&o.protocols, "subprotocol", "s", nil, "WebSocket subprotocol `NAME` to choose when a client offers it, repeatable")
	f.StringArrayVar(&o.origins, "origin", nil, "`ORIGIN` of the web pages that may connect, repeatable (default self)")
	f.IntVar(&o.loops, "loops", 0, "event loops; 0 means one for each processor that Go may use")
	f.IntVar(&o.maxConns, "max-conns", 0, "connections held at once; 0 means no limit but the descriptors")
	f.DurationVar(&o.idle, "idle-timeout", 0, "close connections that send nothing for so long; 0 means never")
	f.Var(&o.maxMessage, "max-message", "bytes of a WebSocket message, -1 means no limit")
	f.Var(&o.highWater, "high-water", "bytes that may wait for a client to read before it is closed, -1 means no limit")
	o.compress.add(f)
	f.DurationVar(&o.ping, "ping-interval", 0, "ping WebSocket clients that were silent for so long; 0 means never")
	f.DurationVar(&o.pong, "pong-timeout", 0, "close them when they stay silent for so long after that; 0 means as long as --ping-interval")
	f.DurationVar(&o.shutdown, "shutdown-timeout", 10*time.Second, "how long draining may take; 0 cuts off at once, negative waits for ever")
	f.IntVar(&o.gcPercent, "gc-percent", defaultGC, "Go's GOGC for this process; 0 leaves it as it is (so does GOGC without this flag)")
	o.log.add(f)
	return cmd
}

func serve(cmd *cobra.Command, o *serveOptions) error {
	if len(o.listen) == 0 {
		o.listen = defaultListen
	}
	log, err := o.log.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	var ends []endpoint
	for _, raw := range o.listen {
		e, err := parseEndpoint(raw)
		switch {
		case err != nil:
			return err
		case e.scheme == "wss":
			return usagef("%s: TLS is not supported yet", raw)
		case e.user != "":
			return usagef("%s: want a URL without a user", raw)
		}
		ends = append(ends, e)
	}
	if o.gcPercent < 0 {
		return usagef("--gc-percent is %d, want 0 or more", o.gcPercent)
	}
	if err := o.compress.read(cmd.Flags()); err != nil {
		return err
	}
	if o.ping < 0 || o.pong < 0 || o.ping == 0 && o.pong > 0 {
		return usagef("--ping-interval is %v and --pong-timeout %v, want 0 or more, and the second with the first", o.ping, o.pong)
	}
	gc := setGC(o.gcPercent, cmd.Flags().Changed("gc-percent"))

	e, err := engine.New(engine.Config{Loops: o.loops, MaxConns: o.maxConns, Logger: log})
	if err != nil {
		return &usageError{err} // its only errors are those of the values given
	}
	sigs, stop := stopSignals()
	defer stop()
	if os.Getenv("SOCKEYE_VITALS") == "1" { // set by sockeye bench; stdout stays empty otherwise
		defer vitals.Serve(cmd.OutOrStdout())()
	}
	for i, end := range ends {
		if err := listen(e, &end, o, log); err != nil {
			_ = e.Close()
			return fmt.Errorf("serve %s: %w", o.listen[i], err)
		}
	}
	log.Info("serving", "version", cmd.Root().Version, "pid", os.Getpid(), "loops", e.Loops(), "descriptors", descriptors(),
		"max_conns", o.maxConns, "high_water_bytes", int64(o.highWater), "max_message_bytes", int64(o.maxMessage),
		"idle_timeout", o.idle.String(), "gc_percent", gc)
	done := make(chan error, 1)
	go func() { done <- e.Serve(context.Background()) }()
	if o.gcPercent > 0 {
		over := make(chan struct{})
		defer close(over)
		go settle(e, over)
	}
	select {
	case err := <-done:
		return err
	case sig := <-sigs:
		return drain(e, sig, sigs, o.shutdown, log)
	}
}

// listen binds one listener and says where. Nothing is accepted before the
// engine serves, so that whoever reads the line comes first.
func listen(e *engine.Engine, end *endpoint, o *serveOptions, log *slog.Logger) error {
	h, err := handlerFor(end, o)
	if err != nil {
		return err
	}
	ln, err := e.Listen(end.network, end.addr, h, engine.ListenOptions{
		Options: engine.Options{HighWater: int(o.highWater), IdleTimeout: o.idle},
	})
	if err != nil {
		return err
	}
	log.Info("listening", "url", end.url(ln.Addr()), "handler", o.handler)
	return nil
}

// drain ends the server politely; a second signal ends it at once.
func drain(e *engine.Engine, sig os.Signal, sigs <-chan os.Signal, timeout time.Duration, log *slog.Logger) error {
	before := e.Stats()
	log.Info("draining", "signal", signalName(sig), "connections", before.Open, "timeout", timeout.String())
	began, left := time.Now(), 0
	var late <-chan time.Time // negative: never
	if timeout >= 0 {
		late = time.After(timeout)
	}
	ctx, cut := context.WithCancel(context.Background())
	defer cut()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.Shutdown(ctx) // its only error is that ctx ended, which left tells
	}()
	for over := false; !over; {
		select {
		case sig = <-sigs:
			return &signalError{sig}
		case <-late:
			left = e.Stats().Open
			cut()
		case <-done:
			over = true
		}
	}
	s := e.Stats()
	log.Info("drained", "connections", int(s.Closed-before.Closed)-left, "cut", left, "took", time.Since(began).Round(time.Millisecond).String(),
		"accepted", s.Accepted, "bytes_read", s.BytesRead, "bytes_written", s.BytesWritten)
	if left > 0 {
		return fmt.Errorf("%d connections did not end within %v and were cut off", left, timeout)
	}
	return nil
}

// descriptors is the number of files that the process may have open. Go raises
// the soft limit to the hard one at its start.
func descriptors() uint64 {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) != nil {
		return 0
	}
	return lim.Cur
}
