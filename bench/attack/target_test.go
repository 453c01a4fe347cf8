package attack_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// target is a server under attack, with its witnesses. Its methods are for the goroutine of the test.
type target struct {
	t       *testing.T
	addr    string
	process probe.Process
	in      io.WriteCloser
	out     *bufio.Reader
	others  *crowd

	rss    int64  // when the witnesses had begun, in bytes
	echoed uint64 // answers that the witnesses had in the end
}

// aim starts a server and its witnesses. Its garbage is collected as that of sockeye serve.
func aim(t *testing.T, s setup) *target {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), setupVariable+"="+string(text), "GOGC=50", "GOMEMLIMIT=off")
	if os.Getenv("GORACE") == "" { // or it takes a second to end
		cmd.Env = append(cmd.Env, "GORACE=atexit_sleep_ms=0")
	}
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g := &target{t: t, process: probe.Process(cmd.Process.Pid), in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close()
		insist := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer insist.Stop()
		_, _ = io.Copy(io.Discard, g.out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	g.addr = strings.TrimSpace(g.line())
	g.others = witness(t, g.addr)
	g.others.echo(10)
	m, err := g.process.Memory()
	if err != nil {
		t.Fatal(err)
	}
	g.rss = m.RSS
	return g
}

func (g *target) line() string {
	g.t.Helper()
	line, err := g.out.ReadString('\n')
	if err != nil {
		g.t.Fatalf("the server ended: %v", err)
	}
	return line
}

// stats asks the server for its counters.
func (g *target) stats() counters {
	g.t.Helper()
	if _, err := io.WriteString(g.in, "\n"); err != nil {
		g.t.Fatal(err)
	}
	var c counters
	if err := json.Unmarshal([]byte(g.line()), &c); err != nil {
		g.t.Fatal(err)
	}
	return c
}

// until asks for the counters again and again until ok likes them.
func (g *target) until(what string, ok func(c counters) bool) {
	g.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; {
		c := g.stats()
		if ok(c) {
			return
		}
		if time.Now().After(end) {
			g.t.Fatalf("not seen within %v: %s; the counters are %+v", patience, what, c)
		}
		<-tick.C
	}
}

// orphans counts the sockets that the server has closed and that wait to be rid of bytes.
func (g *target) orphans() (n int) {
	g.t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		g.t.Fatal(err)
	}
	port := netip.MustParseAddrPort(g.addr).Port()
	const finWait1 = "04"
	for line := range strings.Lines(string(table)) {
		// sl local_address rem_address st tx_queue:rx_queue ...
		f := strings.Fields(line)
		if strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) && f[3] == finWait1 {
			n++
		}
	}
	return n
}

// survived ends the attack: the witnesses are served still and had every answer, and the server has never held more
// than bound bytes over what it held before. It answers the counters; witnesses send nothing but messages.
func (g *target) survived(bound int64) counters {
	g.t.Helper()
	g.others.echo(10)
	g.echoed = uint64(g.others.end())
	c := g.stats()
	peak, err := g.process.PeakRSS()
	if err != nil {
		g.t.Fatal(err)
	}
	grown := peak - g.rss
	g.t.Logf("RSS %.1f MiB before, peak %.1f, grown by %.1f of %.1f that it may; %d witnesses had %d answers",
		mib(g.rss), mib(peak), mib(grown), mib(bound), witnesses, g.echoed)
	if grown > bound && !raceEnabled {
		g.t.Errorf("RSS grew by %d bytes, more than %d", grown, bound)
	}
	return c
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
