package contender

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/sockeye-io/sockeye/bench/rig"
)

// CommandLine is how the server is called for a role, the program first.
func (x *Built) CommandLine(role string) []string {
	listen := x.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	line := append([]string{x.path}, x.args...)
	line = append(line, "--listen", listen)
	if len(x.Roles) > 0 {
		line = append(line, "--handler", role)
	}
	return line
}

// Start starts the server in a role and waits until it listens. pin is the list of processors that it may run on, as
// taskset takes it, and empty is all; a server in Go is told how many they are. env is added to the environment of this
// process. Whoever starts a server stops it.
func (x *Built) Start(ctx context.Context, role, pin string, env ...string) (*rig.Server, error) {
	if len(x.Roles) > 0 && !x.Does(role) {
		return nil, fmt.Errorf("contender: %s has no handler %q: it has %s", x.Name, role, strings.Join(x.Roles, ", "))
	}
	line := x.CommandLine(role)
	c := rig.Command{Path: line[0], Args: line[1:], Env: append([]string{}, x.env...), Pin: pin}
	if x.Go {
		c.Env = append(c.Env, "SOCKEYE_VITALS=1")
		if pin != "" {
			n, err := processors(pin)
			if err != nil {
				return nil, err
			}
			c.Env = append(c.Env, "GOMAXPROCS="+strconv.Itoa(n))
		}
	}
	c.Env = append(c.Env, env...)
	s, err := rig.Start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("contender: %s: %w", x.Name, err)
	}
	return s, nil
}

// processors counts those of a list: "0", "0-3,8", and with a stride "0-6:2".
func processors(list string) (int, error) {
	seen := map[int]bool{}
	for part := range strings.SplitSeq(list, ",") {
		part, stride, strided := strings.Cut(part, ":")
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		if !strided {
			stride = "1"
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		step, err3 := strconv.Atoi(stride)
		if err1 != nil || err2 != nil || err3 != nil || from < 0 || to < from || step < 1 || to >= 1<<16 {
			return 0, fmt.Errorf("contender: processors %q: want a list as taskset takes it", list)
		}
		for n := from; n <= to; n += step {
			seen[n] = true
		}
	}
	return len(seen), nil
}
