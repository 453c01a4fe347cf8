package xconnect_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"

	_ "github.com/sockeye-io/sockeye/adapters/nethttp/xconnect"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wanted is set in a process of its own: what the server has to offer there.
const wanted = "XCONNECT_TEST_WANTED"

// TestOffers looks at what GODEBUG makes of it, which net/http reads but once.
func TestOffers(t *testing.T) {
	t.Parallel()
	if want := os.Getenv(wanted); want != "" {
		if got := offers(t); got != (want == "yes") {
			t.Errorf("extended CONNECT is offered: %v, with GODEBUG=%s", got, os.Getenv("GODEBUG"))
		}
		return
	}
	for godebug, want := range map[string]string{
		"":                               "yes",
		"http2client=1":                  "yes",
		"http2xconnect=1":                "yes",
		"http2xconnect=0":                "no",
		"http2client=1,http2xconnect=0,": "no",
	} {
		t.Run(godebug, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOffers$")
			cmd.Env = append(os.Environ(), "GODEBUG="+godebug, wanted+"="+want)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// offers asks a server of net/http.
func offers(t *testing.T) bool {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	nc, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
	f := http2.NewFramer(nc, nc)
	_, _ = io.WriteString(nc, http2.ClientPreface)
	_ = f.WriteSettings()
	first, err := f.ReadFrame()
	settings, ok := first.(*http2.SettingsFrame)
	if !ok {
		t.Fatalf("the server begins with %v, %v", first, err)
	}
	v, _ := settings.Value(http2.SettingEnableConnectProtocol)
	return v == 1
}
