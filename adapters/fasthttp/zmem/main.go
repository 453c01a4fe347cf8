package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/valyala/fasthttp"
)

var n = 4000

func rss() int {
	b, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "RssAnon:") {
			var k int
			fmt.Sscanf(strings.TrimPrefix(l, "RssAnon:"), "%d", &k)
			return k * 1024
		}
	}
	return 0
}

var procs []*exec.Cmd

func main() {
	runtime.MemProfileRate = 1
	if len(os.Args) > 1 {
		fmt.Sscan(os.Args[1], &n)
		runtime.MemProfileRate = 0
	}
	ln, _ := net.Listen("tcp", "127.0.0.1:0")
	opened := make(chan bool, 20000)
	u := &websocket.FastHTTPUpgrader{}
	h := func(c *websocket.Conn) {
		_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p); opened <- true })
	}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { _ = u.Upgrade(ctx, h) }}
	go s.Serve(ln)
	client := func(k int) {
		cmd := exec.Command("python3", "-c", fmt.Sprintf(`
import socket,sys,time
a=[]
for i in range(%d):
    s=socket.create_connection(("127.0.0.1",%d)); a.append(s)
    s.sendall(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    while b"\r\n\r\n" not in s.recv(4096): pass
    s.sendall(b"\x82\x81\0\0\0\0x")
    s.recv(100)
time.sleep(100)
`, k, ln.Addr().(*net.TCPAddr).Port))
		cmd.Stderr = os.Stderr
		cmd.Start(); procs = append(procs, cmd)
	}
	measure := func() (uint64, int) {
		for range 4 {
			runtime.GC()
			debug.FreeOSMemory()
			time.Sleep(300 * time.Millisecond)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, rss()
	}
	client(200)
	for range 200 {
		<-opened
	}
	a, ra := measure()
	client(n)
	for range n {
		<-opened
	}
	time.Sleep(12 * time.Second) // fasthttp's idle workers
	b, rb := measure()
	fmt.Println("heap per conn", (b-a)/uint64(n), "rss per conn", (rb-ra)/n, "goroutines", runtime.NumGoroutine())
	f, _ := os.Create("/tmp/sockeye/r1hold/heap.pprof")
	pprof.Lookup("heap").WriteTo(f, 0)
	f.Close()
	for _, c := range procs { c.Process.Kill(); c.Wait() }
	os.Exit(0)
}
