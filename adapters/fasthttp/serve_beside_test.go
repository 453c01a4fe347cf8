package fasthttp_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Serve beside fasthttp.Server, in one run.

// rss is the memory of a process in bytes.
func rss(t *testing.T, pid int) int {
	t.Helper()
	p, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.Fields(string(p))[1])
	if err != nil {
		t.Fatal(err)
	}
	return n * os.Getpagesize()
}

// An idle connection that has had a request costs no goroutine and little memory.
func TestServeMemory(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("counts memory")
	}
	const first, conns = 500, 5000
	perConn := map[string]int{}
	for _, kind := range kinds {
		addr, pid := child(t, kind)
		control := dialed(t, addr)
		br := bufio.NewReader(control)
		settled := func() (int, int) {
			var body string
			for range 2 {
				send(t, control, "GET /settle HTTP/1.1\r\nHost: x\r\n\r\n")
				_, body, _ = answer(t, br, false)
			}
			n, err := strconv.Atoi(body)
			if err != nil {
				t.Fatal(err)
			}
			return rss(t, pid), n
		}
		open := func(n int) {
			all := make([]net.Conn, n)
			for i := range all {
				all[i] = dialed(t, addr)
				send(t, all[i], get)
			}
			for _, c := range all {
				if status, _, _ := answer(t, bufio.NewReaderSize(c, 512), false); status != 200 {
					t.Fatal(status)
				}
			}
		}
		open(first) // what is allocated once is allocated by now
		before, routines := settled()
		open(conns)
		after, more := settled()
		perConn[kind] = (after - before) / conns
		t.Logf("%-20s %6d bytes of RSS and %.2f goroutines for each of %d idle connections",
			kind, perConn[kind], float64(more-routines)/conns, conns)
		if kind != kinds[0] && (perConn[kind] > 1024 || more-routines > 300) {
			t.Errorf("%s: %d bytes, %d goroutines", kind, perConn[kind], more-routines)
		}
	}
}

var perSecond = regexp.MustCompile(`Requests/sec: +([0-9.]+)`)

// cpu is the time that a process has used, in ticks of 10 ms.
func cpu(t *testing.T, pid int) int {
	t.Helper()
	p, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(p[strings.LastIndexByte(string(p), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return user + system
}

// TestServeThroughput prints requests for each second, and for each second of the
// server's CPU time, which other work on the machine disturbs less. It takes as many
// rounds as SOCKEYE_ROUNDS says.
func TestServeThroughput(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("SOCKEYE_ROUNDS"))
	if rounds == 0 {
		t.Skip("a measurement: SOCKEYE_ROUNDS is not set")
	}
	wrk := tool(t, "wrk")
	speed, thrift := map[string][]float64{}, map[string][]float64{}
	addrs, pids := map[string]string{}, map[string]int{}
	for _, kind := range kinds {
		addrs[kind], pids[kind] = child(t, kind)
	}
	for range rounds {
		for _, kind := range kinds {
			used := cpu(t, pids[kind])
			out := wrk("-t1", "-c64", "-d2s", "http://"+addrs[kind]+"/")
			used = cpu(t, pids[kind]) - used
			m := perSecond.FindStringSubmatch(out)
			if m == nil || strings.Contains(out, "Socket errors") {
				t.Fatal(out)
			}
			n, _ := strconv.ParseFloat(m[1], 64)
			speed[kind] = append(speed[kind], n)
			thrift[kind] = append(thrift[kind], 2*n/(float64(used)/100))
		}
	}
	median := func(v []float64) float64 { slices.Sort(v); return v[len(v)/2] }
	for _, kind := range kinds {
		s, e := speed[kind], thrift[kind]
		t.Logf("%-20s %8.0f requests/s (%.2f), %8.0f for each second of CPU (%.2f); %0.f to %0.f",
			kind, median(s), median(s)/median(speed[kinds[0]]), median(e), median(e)/median(thrift[kinds[0]]), e[0], e[len(e)-1])
	}
}
