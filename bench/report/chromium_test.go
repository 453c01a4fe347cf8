package report_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startChromium gives the URL at which the browser takes orders.
func startChromium(t *testing.T) (url string) {
	t.Helper()
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-breakpad", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = patience
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	urls, ended := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(errs)
		for lines.Scan() { // to the end, or a full pipe would stop the browser
			if _, at, ok := strings.Cut(lines.Text(), "DevTools listening on "); ok {
				urls <- at
			}
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { // and wait until its helpers are gone too: the folders that they write to are deleted next
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience / 4):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	select {
	case url = <-urls:
	case <-ended:
		t.Fatalf("chromium ended: %v", cmd.ProcessState)
	case <-time.After(patience):
		t.Fatal("chromium does not listen")
	}
	return url
}

// screenshot writes the whole page to the folder that SOCKEYE_SCREENSHOTS names, in pieces that can be looked at.
func (p *tab) screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv("SOCKEYE_SCREENSHOTS")
	if dir == "" {
		return
	}
	var size [2]float64
	p.eval(`[document.documentElement.clientWidth, document.documentElement.scrollHeight]`, &size)
	const piece = 1500
	for k := 0; float64(k*piece) < size[1]; k++ {
		var shot struct{ Data string }
		p.call("Page.captureScreenshot", params{
			"captureBeyondViewport": true,
			"clip": params{
				"x": 0, "y": k * piece, "width": size[0], "height": min(piece, size[1]-float64(k*piece)), "scale": 1,
			},
		}, &shot)
		p.save(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, k+1)), shot.Data)
	}
}

func (p *tab) save(path, data string) {
	p.t.Helper()
	b, err := base64.StdEncoding.DecodeString(data)
	if err == nil {
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}
