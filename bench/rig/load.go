package rig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
)

// Load is load.Main in a process of its own, holding its connections from one order to the next. It belongs to one
// goroutine.
type Load struct {
	Process probe.Process
	cmd     *exec.Cmd
	orders  *json.Encoder
	stdin   io.Closer
	replies *json.Decoder
	said    *said // on its standard error
}

// StartLoad starts the load with no connection yet. c is the command that calls load.Main, to whose
// Args those of cfg are added.
func StartLoad(c Command, cfg load.Config) (*Load, error) {
	c.Args = append(slices.Clone(c.Args),
		"--orders",
		"--address", cfg.Address.String(),
		"--protocol", string(cfg.Protocol),
		"--payload", strconv.Itoa(cfg.Payload),
		"--depth", strconv.Itoa(cfg.Depth),
		"--text="+strconv.FormatBool(cfg.Text),
		"--batch="+strconv.FormatBool(cfg.Batch),
		"--sources", strconv.Itoa(cfg.Sources),
		"--check", strconv.Itoa(cfg.Check),
		"--stall", cfg.Stall.String(),
	)
	if cfg.Path != "" {
		c.Args = append(c.Args, "--path", cfg.Path)
	}
	cmd := c.exec()
	said := new(said)
	cmd.Stderr = said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return &Load{
		Process: probe.Process(cmd.Process.Pid),
		cmd:     cmd,
		orders:  json.NewEncoder(stdin),
		stdin:   stdin,
		replies: json.NewDecoder(stdout),
		said:    said,
	}, nil
}

// Do gives one order and waits until it is done.
func (l *Load) Do(o load.Order) (load.Result, error) {
	if err := l.orders.Encode(o); err != nil { // it ends by itself when a connection that rests breaks
		return load.Result{}, l.ended(err)
	}
	var reply load.Reply
	if err := l.replies.Decode(&reply); err != nil {
		return load.Result{}, l.ended(err)
	}
	if reply.Error != "" {
		return load.Result{}, errors.New(reply.Error)
	}
	return reply.Result, nil
}

func (l *Load) ended(err error) error {
	l.Kill()
	_ = l.cmd.Wait() // after which all that it said is there
	return fmt.Errorf("rig: load: %w%s", err, l.said.last())
}

// Kill ends the load at once, in the middle of an order too: Do fails then, and Stop is still to be called. Any goroutine
// may call it.
func (l *Load) Kill() { _ = l.cmd.Process.Kill() }

// Stop ends the load and with it the connections.
func (l *Load) Stop() error {
	_ = l.stdin.Close()
	if err := l.cmd.Wait(); err != nil {
		return fmt.Errorf("rig: load: %w", err)
	}
	return nil
}
