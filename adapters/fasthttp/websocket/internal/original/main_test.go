package original_test

import (
	"testing"

	_ "github.com/fasthttp/websocket" // until compared
	"go.uber.org/goleak"

	_ "github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
