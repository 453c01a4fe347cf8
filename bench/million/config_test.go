package million_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/million"
)

func good() million.Config {
	return million.Config{Server: "sockeye", Connections: 1, MemoryMiB: 256, Timeout: time.Minute, CPU: -1, Root: "../.."}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*million.Config)
		want   string
	}{
		"no connections": {func(c *million.Config) { c.Connections = 0 }, "0 connections"},
		"little memory":  {func(c *million.Config) { c.MemoryMiB = 255 }, "255 MiB"},
		"no timeout":     {func(c *million.Config) { c.Timeout = 0 }, "timeout"},
		"negative hold":  {func(c *million.Config) { c.Hold = -1 }, "hold"},
		"nobody":         {func(c *million.Config) { c.Server = "nobody" }, `"nobody"`},
		"a script":       {func(c *million.Config) { c.Server = "bun" }, "only servers in Go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good()
			c.change(&cfg)
			_, err := million.Run(t.Context(), cfg, io.Discard)
			if err == nil || !strings.HasPrefix(err.Error(), "million: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if errors.Is(err, million.ErrUnavailable) {
				t.Errorf("%v is said to be for want of something", err)
			}
		})
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*million.Config)
		want   string
	}{
		"kernel": {func(c *million.Config) { c.Kernel = "linux.none" }, "needs user-mode Linux"},
		"source": {func(c *million.Config) { c.Kernel, c.Root = "true", t.TempDir() }, "needs the source tree"},
		"memory": {func(c *million.Config) { c.Kernel, c.MemoryMiB = "true", 1<<40 }, "for the guest's memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good()
			c.change(&cfg)
			_, err := million.Run(t.Context(), cfg, io.Discard)
			if !errors.Is(err, million.ErrUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
