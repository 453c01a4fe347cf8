package neighbours_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFiberSuite runs the tests that gofiber's own packages come with.
func TestFiberSuite(t *testing.T) {
	// They listen at this port, one after the other.
	ln, err := net.Listen("tcp", ":3000")
	if err != nil {
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatal(err)
		}
		t.Skip("needs port 3000:", err)
	}
	ln.Close()
	flags := modFlags(t)
	for _, pkg := range []string{"github.com/gofiber/contrib/websocket", "github.com/gofiber/contrib/v3/websocket"} {
		t.Run(filepath.Base(filepath.Dir(pkg)), func(t *testing.T) {
			args := []string{"test", "-count=1", "-timeout=2m"}
			if raceEnabled {
				args = append(args, "-race")
			}
			args = append(append(args, flags...), pkg)
			if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
				t.Errorf("go %q: %v\n%s", args, err, out)
			}
		})
	}
}
