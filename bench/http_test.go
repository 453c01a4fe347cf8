package bench_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// httpServers are fasthttp's own server, and the same handler on the engine's loops: in a pool of workers, and on the
// loop itself.
var httpServers = []contender.Contender{adapters("fasthttp"), adapters("workers"), adapters("loop")}

// startHTTP is start without a load.
func startHTTP(t *testing.T, c contender.Contender, pin string) *rig.Server {
	t.Helper()
	x := build(t, c)
	return startServer(t, x, pin)
}

// TestHTTPIdleRSS tells the memory of a keep-alive connection that has made one request and then rests.
func TestHTTPIdleRSS(t *testing.T) {
	requireBench(t)
	requireFiles(t, adapterConnections+200)
	var table restingTable
	for _, c := range httpServers {
		t.Run(c.Name, func(t *testing.T) {
			s := startHTTP(t, c, "")
			held := 0
			table.measure(t, c, s, func(n int) {
				for ; held < n; held++ {
					holdOne(t, s.Address.String())
				}
			})
		})
	}
	t.Logf("per idle keep-alive connection, %d to %d of them, after one request each%s",
		fewConnections, adapterConnections, table.String())
}

// holdOne makes one request and keeps the connection until the test ends.
func holdOne(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+addr+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK || resp.Close {
		t.Fatalf("%s, closed %v: %v", resp.Status, resp.Close, err)
	}
}

// TestHTTPThroughput drives the servers with wrk: 64 connections, a request in flight on each, on the other processor.
func TestHTTPThroughput(t *testing.T) {
	requireBench(t)
	requireTwoProcessors(t)
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Skip("needs wrk, which is not installed")
	}
	servers := make([]*rig.Server, len(httpServers))
	for i, c := range httpServers {
		servers[i] = startHTTP(t, c, serverCPU)
		wrk(t, servers[i], time.Second) // warms up
	}
	rate := make([]result.Series, len(servers))
	cost := make([]result.Series, len(servers))
	for round := range rounds(t) {
		for k := range servers {
			i := (round + k) % len(servers)
			perSecond, micros := wrk(t, servers[i], 3*time.Second)
			rate[i] = append(rate[i], perSecond)
			cost[i] = append(cost[i], micros)
		}
	}
	for i, c := range httpServers {
		t.Logf("%-8s %v requests a second, %v us CPU per request", c.Name, rate[i], cost[i])
	}
	for i, c := range httpServers[1:] {
		t.Logf("%s to fasthttp.Server: %v of the requests a second, %v of the CPU", c.Name,
			rate[i+1].Over(rate[0]), cost[i+1].Over(cost[0]))
	}
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkRate     = regexp.MustCompile(`Requests/sec: +([0-9.]+)`)
	wrkErrors   = regexp.MustCompile(`(?m)^ *(Socket errors|Non-2xx).*$`)
)

// wrk gives requests per second, and the server's CPU per request in microseconds.
func wrk(t *testing.T, s *rig.Server, d time.Duration) (perSecond, micros float64) {
	t.Helper()
	before, err := s.Process.CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "taskset", "-c", loadCPU, "wrk", "-t1", "-c64",
		"-d"+d.String(), "http://"+s.Address.String()+"/").CombinedOutput()
	if err != nil {
		t.Fatalf("wrk: %v\n%s", err, out)
	}
	after, err := s.Process.CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	if m := wrkErrors.Find(out); m != nil {
		t.Errorf("wrk: %s", m)
	}
	n, r := wrkRequests.FindSubmatch(out), wrkRate.FindSubmatch(out)
	if n == nil || r == nil {
		t.Fatalf("wrk said\n%s", out)
	}
	requests, err := strconv.ParseFloat(string(n[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	perSecond, err = strconv.ParseFloat(string(r[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return perSecond, float64((after - before).Nanoseconds()) / 1e3 / requests
}
