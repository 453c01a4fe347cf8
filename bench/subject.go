package bench

import (
	"context"
	"fmt"
	"slices"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// subject is a server that can be measured.
type subject struct {
	result.Server
	roles    []string
	protocol load.Protocol
	vital    bool // tells what its Go runtime knows, and collects its garbage when asked
	start    func(ctx context.Context, role, pin string) (*rig.Server, error)
}

func (s *subject) plays(role string) bool { return slices.Contains(s.roles, role) }

// subjects makes ready what can be measured, in the order of the plan, and skips the rest.
func (r *run) subjects(ctx context.Context) error {
	if r.plan.Target.IsValid() {
		r.servers = []*subject{r.plan.target()}
	} else if err := r.build(ctx); err != nil {
		return err
	}
	for _, s := range r.servers {
		r.file.Servers = append(r.file.Servers, s.Server)
	}
	for _, s := range r.file.Skipped {
		if s.Server == r.plan.Base {
			return fmt.Errorf("bench: the base %q cannot be measured: %s", s.Server, s.Reason)
		}
	}
	return nil
}

func (r *run) build(ctx context.Context) error {
	contenders, err := contender.Named(r.plan.Servers...)
	if err != nil {
		return &PlanError{err}
	}
	b := &contender.Bench{Self: r.env.Self, Root: r.env.Root, Dir: r.dir, Install: r.plan.Install}
	for i := range contenders {
		c := &contenders[i]
		r.progress("building " + c.Name)
		built, err := b.Build(ctx, c)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("bench: building: %w", context.Cause(ctx))
		case err != nil: // something is missing here, or there is no network to fetch its source
			r.skip(c.Name, "", err)
			continue
		}
		r.servers = append(r.servers, &subject{
			Server: built.Server, roles: built.Roles, protocol: built.Protocol, vital: built.Go,
			start: func(ctx context.Context, role, pin string) (*rig.Server, error) {
				return built.Start(ctx, role, pin)
			},
		})
	}
	return nil
}

// targetName is what a server is called that somebody else started.
const targetName = "target"

func (p *Plan) target() *subject {
	return &subject{
		Server:   result.Server{Name: targetName, About: "running at " + p.Target.String(), Language: "unknown"},
		roles:    []string{"echo", "broadcast"}, // whoever asks knows
		protocol: or(p.Protocol, load.WebSocket),
		start: func(context.Context, string, string) (*rig.Server, error) {
			return rig.Attach(p.Target, probe.Process(p.TargetPID)), nil
		},
	}
}
