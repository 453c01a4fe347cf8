package attack_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long anything that must happen may take on a busy machine.
const patience = time.Minute

// TestMain lets this test binary be the server when it is called with a setup.
func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv(setupVariable); ok {
		if err := serve(text, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "attack: server:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m,
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}
