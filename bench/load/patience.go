package load

import "time"

const (
	// patience is how long a connection may take to connect and upgrade, or to close.
	patience = int64(5 * time.Second)
	// glance is how often that is looked at.
	glance = int64(100 * time.Millisecond)
)

// overdue gives up those of the connections from number from on that have been connecting, leaving or waiting for an
// answer for too long. It gives when to be called again, which is next until then.
func (l *Load) overdue(from int, now, next int64) (int64, error) {
	if now < next {
		return next, nil
	}
	for i := from; i < l.conns.len(); i++ {
		c := l.conns.at(i)
		busy := c.state != closed && (c.state != open || c.stamps.n > 0)
		if busy && now-c.begun > patience {
			if err := l.breaks(i, errLate); err != nil {
				return 0, err
			}
		}
	}
	return now + glance, nil
}
