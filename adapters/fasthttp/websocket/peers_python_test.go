package websocket_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// python runs a script if Debian's python3-websockets is there.
func python(t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	const exe = "/usr/bin/python3"
	if err := exec.CommandContext(t.Context(), exe, "-c", "import websockets").Run(); err != nil {
		t.Skip("no python3-websockets: ", err)
	}
	return exec.CommandContext(t.Context(), exe, append([]string{"-W", "ignore", "-c", script}, args...)...)
}

// TestPeersPythonClient: the client of Python's websockets, and our upgraders. It decompresses
// with no more than the window that it asks for.
func TestPeersPythonClient(t *testing.T) {
	t.Parallel()
	const script = `
import asyncio, os, sys, websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate
async def main():
    for bits in None, 8, 9, 10, 11, 12, 13, 14, 15:
        offer = Deflate(server_max_window_bits=bits, client_max_window_bits=max(9, bits or 15))
        async with websockets.connect(sys.argv[1], max_size=None, extensions=[offer], compression=None) as ws:
            assert ws.extensions[0].remote_max_window_bits == (bits or 15), ws.extensions
            for n in 0, 1, 126, 5000, 70000:
                for say in os.urandom(n // 2) * 2, "é" * (n // 2), str(range(n)) * (n // 10):
                    await ws.send(say)
                    assert await ws.recv() == say, (bits, n)
asyncio.run(main())
`
	for name, at := range map[string]string{
		"net/http": served(t, false, echoes(websocket.Upgrader{EnableCompression: true})),
		"fasthttp": "ws://" + serve(t, &websocket.FastHTTPUpgrader{EnableCompression: true}, func(c *websocket.Conn) { echoUntilClosed(c) }),
	} {
		if out, err := python(t, script, at).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestPeersPythonServer: our Dialer, and the server of Python's websockets.
func TestPeersPythonServer(t *testing.T) {
	t.Parallel()
	const script = `
import asyncio, sys, websockets
async def echo(ws):
    async for m in ws:
        await ws.send(m)
async def main():
    server = await websockets.serve(echo, "127.0.0.1", 0, subprotocols=["q"], max_size=None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()
    await server.wait_closed()
asyncio.run(main())
`
	cmd := python(t, script)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, compress := range []bool{true, false} {
		d := websocket.Dialer{EnableCompression: compress, Subprotocols: []string{"p", "q"}}
		c, _, err := d.Dial("ws://127.0.0.1:"+strings.TrimSpace(port), nil)
		if err != nil {
			t.Fatal(err)
		}
		check(t, c, compress, "q")
		_ = c.Close()
	}
}
