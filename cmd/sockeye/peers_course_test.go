package main_test

import (
	"path/filepath"
	"strings"
	"testing"
)

const (
	hello  = "Hello Server! Greetings."
	thanks = "Thanks! Got your message:" + hello
)

// course builds one of the programs of the course notes: go run would put a
// process between us and the program.
func course(t *testing.T, name string) string {
	t.Helper()
	needs(t, "go")
	path := filepath.Join(t.TempDir(), name)
	output(t, "", "go", "build", "-o", path, filepath.Join("testdata/peers/course", name, "main.go"))
	return path
}

func TestCourseClient(t *testing.T) {
	t.Parallel()
	program := course(t, "client")
	for handler, want := range map[string]string{"greet": thanks, "echo": hello, "broadcast": hello} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			_, port := hostPort(t, servePeers(t, "-l", "tcp://localhost:0", "--handler", handler).urls[0])
			if got := output(t, "", program, port); got != "Received: "+want+"\n" {
				t.Errorf("the client printed %q, want %q received", got, want)
			}
		})
	}
}

func TestCourseServer(t *testing.T) {
	t.Parallel()
	program := course(t, "server")
	srv := talk(t, program)
	line, err := srv.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, srv.errs.String())
	}
	url := "tcp://localhost:" + strings.TrimSpace(line)

	if got := output(t, hello, "sockeye", "connect", url); got != thanks {
		t.Errorf("piped: connect printed %q, want %q", got, thanks)
	}
	srv.want("Received: " + hello)

	// Nothing at the end of input but silence: the server waits, then hears EOF.
	if got := output(t, "", "sockeye", "connect", url); got != "" {
		t.Errorf("nothing sent: connect printed %q", got)
	}
	srv.want("Error: EOF")

	if got := output(t, "", "sockeye", "connect", "--binary", "-x", hello, url); got != thanks {
		t.Errorf("-x: connect printed %q, want %q", got, thanks)
	}
	srv.want("Received: " + hello)
}

// The two programs of the notes understand each other: what they are to ours is
// worth something.
func TestCourseBoth(t *testing.T) {
	t.Parallel()
	srv := talk(t, course(t, "server"))
	port, err := srv.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, srv.errs.String())
	}
	if got := output(t, "", course(t, "client"), strings.TrimSpace(port)); got != "Received: "+thanks+"\n" {
		t.Errorf("the client printed %q", got)
	}
	srv.want("Received: " + hello)
}
