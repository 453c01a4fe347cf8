package contender

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// find looks for the runtime of a script, and for what the script requires.
func (b *Bench) find(ctx context.Context, x *Built) error {
	if b.Root == "" {
		return needs("the source tree")
	}
	script := filepath.Join(b.Root, x.Script)
	if _, err := os.Stat(script); err != nil {
		return needs("the source tree with " + x.Script)
	}
	if x.Runtime == "node" {
		var err error
		if x.path, err = exec.LookPath("node"); err != nil {
			return needs("node")
		}
	}
	modules, err := b.modules(ctx, x.Runtime)
	if err != nil {
		return err
	}
	x.args = append(x.args, script)
	if x.Runtime == "bun" {
		programs, _ := filepath.Glob(filepath.Join(modules, "@oven", "bun-linux-*", "bin", "bun"))
		if len(programs) == 0 {
			return needs("bun for this processor")
		}
		x.path = programs[0]
		x.Version, err = firstLine(ctx, x.path, "--version")
		return err
	}
	x.env = append(x.env, "NODE_PATH="+modules)
	runtime, err := firstLine(ctx, x.path, "--version")
	if err != nil {
		return err
	}
	version, err := packageVersion(filepath.Join(modules, x.Name, "package.json"))
	if err != nil {
		return err
	}
	x.Version = version + " on Node " + strings.TrimPrefix(runtime, "v")
	return nil
}

func firstLine(ctx context.Context, program string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", program, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line, nil
}

// packageVersion is the version that a package.json tells.
func packageVersion(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return p.Version, nil
}
