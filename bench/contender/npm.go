package contender

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// npmPackages are what the scripts and runtimes come from, as .ci/run has them. Bun's own package is a script that
// would fetch the program; npm fetches it beside that, as one of the optional packages for each system.
var npmPackages = map[string]struct{ spec, file string }{
	"node": {"ws@8.18.3", "ws/package.json"},
	"bun":  {"bun@1.4.5", "bun/package.json"},
}

// modules is the folder node_modules that holds what a runtime wants: SOCKEYE_NODE_PATH, or one in the user's cache
// that is filled when Bench.Install says so.
func (b *Bench) modules(ctx context.Context, runtime string) (string, error) {
	want := npmPackages[runtime]
	has := func(modules string) bool {
		_, err := os.Stat(filepath.Join(modules, want.file))
		return err == nil
	}
	if modules := os.Getenv("SOCKEYE_NODE_PATH"); modules != "" && has(modules) {
		return modules, nil
	}
	missing := needs(want.spec + " from npm, in the folder SOCKEYE_NODE_PATH names")
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", missing
	}
	dir := filepath.Join(cache, "sockeye", "bench", want.spec)
	modules := filepath.Join(dir, "node_modules")
	if has(modules) {
		return modules, nil
	}
	if !b.Install {
		return "", missing
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", needs("npm, to install " + want.spec)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", err
	}
	// Beside its place, and then moved there: a half-made one must not look like a whole one.
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", fresh, "--no-save", "--no-package-lock", "--no-audit",
		"--no-fund", "--ignore-scripts", "--loglevel=error", want.spec)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm install %s: %w\n%s", want.spec, err, text)
	}
	if err := os.Rename(fresh, dir); err != nil && !has(modules) { // another may have been faster
		return "", err
	}
	return modules, nil
}
