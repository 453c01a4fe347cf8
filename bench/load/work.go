package load

import (
	"errors"
	"fmt"
)

// work decides what is sent and what becomes of what comes. All is called by loop; an error ends the work and the load.
type work interface {
	// tick does what is due. It gives when to be called again at the latest, which is no promise: it is called after
	// every batch of events; done ends the work.
	tick(now int64) (next int64, done bool, err error)
	// waits is whether something has to come from the server for the work to go on.
	waits() bool
	// stalled is called when nothing has come for Config.Stall although the work waits; without an error the work ends.
	stalled() error

	opened(i int, c *conn) error           // i has connected and upgraded
	took(i int, c *conn, now int64) error  // a whole message came on i
	after(i int, c *conn, now int64) error // all that one read brought has been taken
	gone(i int) error                      // i left as it should, and is closed
	broken(i int, why error) error         // i failed, and is closed
}

// common is what most works do.
type common struct{ *Load }

func (common) stalled() error                { return nil }
func (common) after(int, *conn, int64) error { return nil }
func (common) opened(int, *conn) error       { return nil }
func (common) gone(int) error                { return nil }
func (common) broken(i int, why error) error { return breach(i, why) }

func (common) took(int, *conn, int64) error { return errUnasked }

var errUnasked = errors.New("a reply to no message")

// breach is the error of a connection that must not break.
func breach(i int, why error) error { return fmt.Errorf("load: connection %d: %w", i, why) }

// tolerated is the same for one that may.
func (l *Load) tolerated(i int, why error) {
	l.count.failed++
	if l.count.why == "" {
		l.count.why = breach(i, why).Error()
	}
}

// resting is the work between orders: pings are answered.
type resting struct{ common }

func (resting) tick(int64) (int64, bool, error) { return never, false, nil }
func (resting) waits() bool                     { return false }
