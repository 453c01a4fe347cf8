package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Serve does what it reads from in, one order after the other, until in ends, and reports to out. In between the
// connections stay open and pings are answered. It returns the error of the order that failed, if one did.
func (l *Load) Serve(in io.Reader, out io.Writer) error {
	type next struct {
		order Order
		err   error
	}
	orders, done := make(chan next), make(chan struct{})
	defer close(done)
	go func() {
		dec := json.NewDecoder(in)
		for {
			var n next
			n.err = dec.Decode(&n.order)
			select {
			case orders <- n:
			case <-done:
				return
			}
			if n.err != nil {
				return
			}
		}
	}()

	enc := json.NewEncoder(out)
	for {
		select {
		case n := <-orders:
			if errors.Is(n.err, io.EOF) {
				return nil
			}
			if n.err != nil {
				return fmt.Errorf("load: order: %w", n.err)
			}
			res, err := l.Do(n.order)
			reply := Reply{Result: res}
			if err != nil {
				reply.Error = err.Error()
			}
			if werr := enc.Encode(reply); err == nil {
				err = werr
			}
			if err != nil {
				return err
			}
		default:
			// Short enough that an order does not wait, long enough that a resting load costs nothing.
			if err := l.Rest(20 * time.Millisecond); err != nil {
				return err
			}
		}
	}
}

// Rest keeps the connections for d without sending messages: it answers pings, and fails when a connection ends.
func (l *Load) Rest(d time.Duration) error {
	for end := l.now() + int64(d); l.now() < end; {
		if err := l.handle(end); err != nil {
			return err
		}
	}
	return nil
}
