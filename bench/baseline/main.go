package baseline

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os/signal"
	"strings"
	"syscall"

	"github.com/sockeye-io/sockeye/bench/vitals"
)

// Main is the server as a process. args are its flags, --listen and --handler; it prints "listening on HOST:PORT" to
// out and serves until SIGTERM or SIGINT. It belongs to the main goroutine of a process that does nothing else: it sets
// how the garbage is collected, and SIGUSR1 and SIGUSR2 are as bench/vitals has them.
func Main(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("goroutines", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("listen", "127.0.0.1:0", "`HOST:PORT` to listen at; port 0 takes a free one")
	role := flags.String("handler", "echo", strings.Join(Roles[:], " or "))
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return fmt.Errorf("baseline: %w", err)
	case flags.NArg() > 0:
		return fmt.Errorf("baseline: unexpected argument %q", flags.Arg(0))
	}
	s, err := New(*role)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	setGC()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	defer vitals.Serve(out)()
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	go settle(ctx, s)
	fmt.Fprintln(out, "listening on", ln.Addr())
	err = s.Serve(ln)
	return errors.Join(err, s.Close())
}
