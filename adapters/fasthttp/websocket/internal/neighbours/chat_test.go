package neighbours_test

import (
	"strings"
	"testing"
)

// chatter is a client that takes the messages apart that the server has put into one, with a line each.
type chatter struct {
	peer
	lines []string
}

func (c *chatter) line() string {
	for len(c.lines) == 0 {
		c.lines = strings.Split(c.receive(), "\n")
	}
	line := c.lines[0]
	c.lines = c.lines[1:]
	return line
}

func TestChat(t *testing.T) {
	eachVariant(t, examples("chat"), func(t *testing.T, x example) {
		server := x.start(t)
		if status, body := fetch(t, "http://"+server.addr+"/"); status != 200 || !strings.Contains(body, "/ws") {
			t.Errorf("the page: %d %q", status, body)
		}
		url := "ws://" + server.addr + "/ws"
		anna := &chatter{peer: dialGorilla(t, url)}
		bert := &chatter{peer: dialSockeye(t, url)}
		// The hub knows a client some time after the handshake; whoever hears himself is known.
		anna.send("anna is here")
		hears(t, anna, "anna is here")
		bert.send("bert\nis here")
		if line := bert.line(); line != "anna is here" && line != "bert is here" {
			t.Fatalf("heard %q first", line)
		} else if line == "anna is here" {
			hears(t, bert, "bert is here")
		}
		hears(t, anna, "bert is here")

		// More than one queue can hold while nobody reads is the hub's reason to part; half of it is not.
		for range 100 {
			anna.send("from anna")
			bert.send("from bert")
		}
		for _, c := range []*chatter{anna, bert} {
			heard := map[string]int{}
			for range 200 {
				heard[c.line()]++
			}
			if heard["from anna"] != 100 || heard["from bert"] != 100 {
				t.Errorf("heard %v", heard)
			}
		}

		// A client that breaks the limit of 512 bytes loses its connection, and nobody else does.
		carl := &chatter{peer: dialGorilla(t, url)}
		carl.send("carl is here")
		for _, c := range []*chatter{anna, bert, carl} {
			hears(t, c, "carl is here")
		}
		carl.send(strings.Repeat("x", 513))
		if code := carl.ended(); code != 1009 {
			t.Errorf("a message over the limit was answered by %d", code)
		}
		if code := bert.end(4000); code != 4000 {
			t.Errorf("the close frame was answered by %d", code)
		}
		server.waitFor(t, "error: websocket: close 4000") // which is not among the expected codes
		anna.send("still here")
		hears(t, anna, "still here")
		if code := anna.end(1001); code != 1001 {
			t.Errorf("the close frame was answered by %d", code)
		}
		if strings.Contains(server.log.String(), "close 1001") {
			t.Error("1001 is among the expected codes")
		}
	})
}

func hears(t *testing.T, c *chatter, want string) {
	t.Helper()
	if got := c.line(); got != want {
		t.Fatalf("heard %q, want %q", got, want)
	}
}
