package neighbours_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	eachVariant(t, examples("command"), func(t *testing.T, x example) {
		t.Run("cat", func(t *testing.T) {
			server := x.start(t, "sh", "-c", "echo $$; exec cat")
			if status, body := fetch(t, "http://"+server.addr+"/"); status != 200 || !strings.Contains(body, "/ws") {
				t.Errorf("the page: %d %q", status, body)
			}
			eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
				p := dial(t, "ws://"+server.addr+"/ws")
				pid := p.receive()
				for i := range 100 {
					line := "line " + strconv.Itoa(i)
					p.send(line)
					if got := p.receive(); got != line {
						t.Fatalf("cat says %q to %q", got, line)
					}
				}
				if code := p.end(1000); code != 1000 {
					t.Errorf("the close frame was answered by %d", code)
				}
				// The program ends the command and waits for it.
				gone(t, pid)
			})
		})
		t.Run("one that ends", func(t *testing.T) {
			server := x.start(t, "sh", "-c", "read x; echo got $x")
			eachPeer(t, func(t *testing.T, dial func(*testing.T, string) peer) {
				p := dial(t, "ws://"+server.addr+"/ws")
				p.send("this")
				if got := p.receive(); got != "got this" {
					t.Errorf("the command says %q", got)
				}
				if code := p.ended(); code != 1000 {
					t.Errorf("closed with %d", code)
				}
			})
		})
	})
}

func gone(t *testing.T, pid string) {
	t.Helper()
	if _, err := strconv.Atoi(pid); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("process %s is still there", pid)
		}
	}
}
