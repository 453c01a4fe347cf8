package neighbours_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	dropIn   = "github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	original = "github.com/fasthttp/websocket"
	gorillas = "github.com/gorilla/websocket"
)

// patience is how long anything that must happen may take on a busy machine.
const patience = 30 * time.Second

var underTest = flag.String("websocket", dropIn, "import `path` of the package that the programs run on")

func TestMain(m *testing.M) {
	flag.Parse()
	// A process under the race detector sleeps a second before it exits.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	atStart := goleak.IgnoreCurrent() // gnet's pool has goroutines from the start
	code := m.Run()
	builds.remove()
	if err := goleak.Find(atStart); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
