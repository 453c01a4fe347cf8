package websocket_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := reactor.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "shutdown:", err)
		code = 1
	}
	for mode, open := range map[string]int{
		"callback": reactor.Callback.Open(), "blocking": reactor.Blocking.Open(), "original": reactor.Original.Open(),
	} {
		if open != 0 {
			fmt.Fprintf(os.Stderr, "%d connections in %s mode at the end\n", open, mode)
			code = 1
		}
	}
	if n := websocket.Queued(); n != 0 {
		fmt.Fprintf(os.Stderr, "%d bytes in queues at the end\n", n)
		code = 1
	}
	if err := goleak.Find(
		// fasthttp's for the Date header, which nothing ends, and the cleaners of servers, which look every 10 s.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		// gnet's pool for the whole process, which starts when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"),
	); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
