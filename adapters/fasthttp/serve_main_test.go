package fasthttp_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/goleak"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
)

const childEnv = "SOCKEYE_SERVE_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childEnv); kind != "" {
		fmt.Fprintln(os.Stderr, serveAs(kind))
		return
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := adapter.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "shutdown:", err)
		code = 1
	}
	if err := goleak.Find(
		// gnet's pool of goroutines and fasthttp's clock never end; what cleans up after a fasthttp server looks every 10 s.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// kinds are the servers that are compared, each in a process of its own.
var kinds = []string{"fasthttp.Server", "Serve, pool", "Serve, on the loop"}

// serveAs serves hello, and at /settle gives memory back that nobody uses.
func serveAs(kind string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, ln.Addr())
	h := func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/settle" {
			debug.FreeOSMemory()
			ctx.SetBodyString(fmt.Sprint(runtime.NumGoroutine()))
			return
		}
		hello(ctx)
	}
	if kind == kinds[0] {
		return (&fasthttp.Server{Handler: h}).Serve(ln)
	}
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	if _, err = adapter.Serve(e, ln, h, adapter.ServeOptions{OnLoop: kind == kinds[2]}); err != nil {
		return err
	}
	return e.Serve(context.Background())
}

// child starts a server and returns its address.
func child(t *testing.T, kind string) (addr string, pid int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+kind)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr), cmd.Process.Pid
}
