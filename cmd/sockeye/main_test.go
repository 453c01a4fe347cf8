package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

// TestMain lets this test binary be sockeye when it is called by that name: the
// scripts and tests start it as a process.
func TestMain(m *testing.M) {
	// A process under the race detector sleeps a second before it exits.
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	testscript.Main(leakChecked{m}, map[string]func(){"sockeye": main.Main})
}

type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	err := goleak.Find(
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// needs skips a test that lacks a program, except in CI, where it fails.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		lacks(t, program)
	}
}

// lacks skips a test for want of something, except in CI, where it fails.
func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("SOCKEYE_CI") == "1" {
		t.Fatal("needs " + what)
	}
	t.Skip("needs " + what)
}
