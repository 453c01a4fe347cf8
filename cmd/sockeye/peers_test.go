package main_test

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// The peers_*_test.go files let programs of other people talk to sockeye, each
// side a process of its own.

// servePeers is serve, ending as an operator would end it: every client must be
// gone by then, nothing may have gone wrong, and nothing may be left.
func servePeers(t *testing.T, args ...string) *server {
	t.Helper()
	s := serve(t, args...)
	t.Cleanup(func() {
		s.signal(syscall.SIGTERM)
		if code := s.code(); code != 0 {
			t.Errorf("sockeye serve exited with %d", code)
		}
		for _, bad := range []string{"level=WARN", "level=ERROR", "DATA RACE", "panic"} {
			if strings.Contains(s.text(), bad) {
				t.Errorf("%s in the log", bad)
			}
		}
		if t.Failed() {
			t.Logf("log of sockeye serve %q:\n%s", args, s.text())
		}
	})
	return s
}

// hostPort takes the address out of a URL.
func hostPort(t *testing.T, raw string) (host, port string) {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	host, port, err = net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// output runs a program that ends by itself, and answers what it printed.
func output(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	cmd.WaitDelay = patience
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v\n%s%s", cmd.Args, err, shorten(out.String()), errs.String())
	}
	return out.String()
}

func shorten(s string) string {
	if len(s) > 4096 {
		s = s[:4096] + "...\n"
	}
	return s
}

// nodeWS is the command line that runs a script of testdata/peers with the npm
// package ws.
func nodeWS(t *testing.T, script string, args ...string) []string {
	t.Helper()
	return nodeWith(t, "ws", script, args...)
}

// nodeWith is nodeWS with another package. env becomes node: the process is one,
// and has one id.
func nodeWith(t *testing.T, module, script string, args ...string) []string {
	t.Helper()
	needs(t, "node")
	modules := os.Getenv("SOCKEYE_NODE_PATH")
	if _, err := os.Stat(modules + "/" + module + "/package.json"); err != nil {
		lacks(t, module+" for Node: npm install "+module+", and its node_modules folder in SOCKEYE_NODE_PATH")
	}
	return append([]string{"env", "NODE_PATH=" + modules, "node", "testdata/peers/" + script}, args...)
}

// pythonWS is the command line that runs a script of testdata/peers with
// websockets, which Debian packages for its own Python and for no other.
func pythonWS(t *testing.T, script string, args ...string) []string {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), python, "-c", "import websockets.legacy.client").Run(); err != nil {
		lacks(t, "websockets for "+python+": apt-get install python3-websockets")
	}
	return append([]string{python, "-W", "ignore::DeprecationWarning", "testdata/peers/" + script}, args...)
}

// goPeers builds the programs of testdata/peers/go, which are a module of their
// own, and answers the folder they are in.
func goPeers(t *testing.T) (dir string) {
	t.Helper()
	needs(t, "go")
	const module = "testdata/peers/go"
	if out, err := exec.CommandContext(t.Context(), "go", "-C", module, "mod", "download").CombinedOutput(); err != nil {
		lacks(t, "the module proxy, or the modules of "+module+": "+string(out))
	}
	dir = t.TempDir()
	output(t, "", "go", "-C", module, "build", "-o", dir, "./...")
	return dir
}
