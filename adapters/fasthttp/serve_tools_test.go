package fasthttp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/valyala/fasthttp"
)

// tool returns a function that runs a program, which CI always has.
func tool(t *testing.T, name string) func(args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("SOCKEYE_CI") != "" {
			t.Fatalf("needs %s: apt-get install %s", name, name)
		}
		t.Skipf("needs %s: apt-get install %s", name, name)
	}
	return func(args ...string) string {
		t.Helper()
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), path, args...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, stderr.String())
		}
		return string(out)
	}
}

func TestServeCurl(t *testing.T) {
	t.Parallel()
	curl := tool(t, "curl")
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = &fasthttp.Server{MaxRequestBodySize: 16 << 20}
		addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/count":
				fmt.Fprintf(ctx, "%s %d", ctx.Method(), len(ctx.PostBody()))
			case "/large":
				ctx.SetBody(make([]byte, 8<<20))
			case "/chunks":
				ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
					for i := range 1000 {
						fmt.Fprintf(w, "line %d\n", i)
						_ = w.Flush()
					}
				})
			default:
				echo(ctx)
			}
		}, o)
		url := "http://" + addr
		file := filepath.Join(t.TempDir(), "body")
		if err := os.WriteFile(file, make([]byte, 8<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			args []string
			want string
		}{
			"keep-alive": {[]string{"-w", "%{num_connects}\n", url + "/a", url + "/b", url + "/c"}, "GET /a 1\nGET /b 0\nGET /c 0\n"},
			"http/1.0":   {[]string{"-0", url + "/a"}, "GET /a "},
			"head":       {[]string{"-I", "-w", "%{http_code} %{size_download}", "-o", os.DevNull, url + "/large"}, "200 0"},
			"large":      {[]string{"-w", "%{http_code} %{size_download}", "-o", os.DevNull, url + "/large"}, "200 8388608"},
			"chunks":     {[]string{"-w", "%{http_code} %{size_download}", "-o", os.DevNull, url + "/chunks"}, "200 8890"},
			"post":       {[]string{"-d", "abc", url + "/count"}, "POST 3"},
			"continue":   {[]string{"-H", "Expect: 100-continue", "-d", "abc", url + "/count", url + "/count"}, "POST 3POST 3"},
			"upload":     {[]string{"-T", file, url + "/count"}, "PUT 8388608"},
			"upload in chunks": {[]string{
				"-T", file, "-H", "Transfer-Encoding: chunked", "-w", "%{num_connects}",
				url + "/count", "--next", "-s", url + "/a",
			}, "PUT 83886081GET /a "},
			"too large": {[]string{"-o", os.DevNull, "-w", "%{http_code}", "-H", "Content-Length: 99999999", "-H", "Expect:", "-d", "abc", url + "/count"}, "400"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if got := curl(append([]string{"-sS", "-m", "20"}, c.args...)...); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		}
		t.Cleanup(func() {
			if n := s.Stats().Mismatched; n != 0 {
				t.Error(n)
			}
		})
	})
}

func TestServeWrk(t *testing.T) {
	t.Parallel()
	wrk := tool(t, "wrk")
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		addr, s := started(t, echo, o)
		out := wrk("-t1", "-c64", "-d1s", "http://"+addr+"/")
		if strings.Contains(out, "Socket errors") || strings.Contains(out, "Non-2xx") {
			t.Fatal(out)
		}
		if got := s.Stats(); got.Requests == 0 || got.Left+got.Refused+got.Bad+got.Mismatched != 0 {
			t.Fatalf("%+v\n%s", got, out)
		}
	})
}
