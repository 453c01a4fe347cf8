package main_test

import (
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs conversations of the real program. Beside testscript's own
// commands there are:
//
//	server ARGS...    start sockeye serve; $TCP, $WS, $UNIX, $WS_UNIX and so on
//	                  become its URLs, $PORT the last TCP port
//	signal NAME       send it TERM or INT
//	ended CODE        wait until it exits with CODE; its log is in server.log
//	exits CODE ARGS   run sockeye to that exit code
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server": scriptServer,
			"signal": scriptSignal,
			"ended":  scriptEnded,
			"exits":  scriptExits,
		},
		Setup: func(e *testscript.Env) error {
			e.Values["server"] = new(*server)
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return nil
		},
	})
}

func scriptServer(ts *testscript.TestScript, neg bool, args []string) {
	env := append(os.Environ(), "GOGC="+ts.Getenv("GOGC"))
	s := startServer(ts.Fatalf, ts.MkAbs("."), env, args...)
	ts.Defer(s.kill)
	*ts.Value("server").(**server) = s
	for _, u := range s.urls {
		scheme, _, _ := strings.Cut(u, "://")
		ts.Setenv(strings.ToUpper(strings.ReplaceAll(scheme, "+", "_")), u)
		if p, err := url.Parse(u); err == nil && p.Port() != "" {
			ts.Setenv("PORT", p.Port())
		}
	}
}

func running(ts *testscript.TestScript) *server {
	s := *ts.Value("server").(**server)
	if s == nil {
		ts.Fatalf("no server was started")
	}
	return s
}

func scriptSignal(ts *testscript.TestScript, neg bool, args []string) {
	sig, ok := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT}[strings.Join(args, " ")]
	if !ok {
		ts.Fatalf("usage: signal TERM|INT")
	}
	running(ts).signal(sig)
}

func scriptEnded(ts *testscript.TestScript, neg bool, args []string) {
	s := running(ts)
	if got := s.code(); len(args) != 1 || args[0] != strconv.Itoa(got) {
		ts.Fatalf("the server exited with %d, want %v\n%s", got, args, s.text())
	}
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs("."), "server.log"), []byte(s.text()), 0o600))
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var ee *exec.ExitError
	if err := ts.Exec("sockeye", args[1:]...); errors.As(err, &ee) {
		got = ee.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("sockeye %q exited with %d, want %d", args[1:], got, want)
	}
}
