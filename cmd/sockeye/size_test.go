package main_test

import (
	"testing"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]main.Size{
		"0": 0, "1": 1, "-1": -1, "512B": 512, "64KiB": 64 << 10, "1MiB": 1 << 20, "3GiB": 3 << 30, "65536": 65536,
	} {
		var v, again main.Size
		if err := v.Set(text); err != nil || v != want {
			t.Errorf("%s: %d (%v), want %d", text, v, err, want)
		}
		if err := again.Set(v.String()); err != nil || again != v {
			t.Errorf("%s: shown as %q, which is %d (%v)", text, v.String(), again, err)
		}
	}
	for _, text := range []string{"", "KiB", "1KB", "-2", "1.5MiB", "9223372036854775807KiB", "x"} {
		var v main.Size
		if err := v.Set(text); err == nil {
			t.Errorf("%q was taken for %d", text, v)
		}
	}
}
