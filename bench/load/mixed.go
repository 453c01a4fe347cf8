package load

// mixed is an open loop over the first tenth of the connections, while the others are replaced in turn: closed with the
// closing handshake and opened anew. Latency is that of the messages alone.
type mixed struct {
	openEcho
	plan schedule // of the replacements
	next int64    // replacements begun
	busy int
	look int64
}

func (l *Load) newMixed(o Order) *mixed {
	m := &mixed{openEcho: *l.newOpenEcho(o)}
	m.lanes, m.stride = max(1, m.lanes/10), 1
	m.plan = schedule{rate: o.ChurnRate}
	if o.ChurnRate > 0 {
		m.plan.total = m.plan.until(m.openEcho.plan.end)
	}
	if m.conns.len() == m.lanes {
		m.plan.total = 0 // there are no others
	}
	return m
}

func (m *mixed) tick(now int64) (next int64, done bool, err error) {
	if m.look, err = m.overdue(m.lanes, now, m.look); err != nil {
		return 0, true, err
	}
	next, done, err = m.openEcho.tick(now)
	if err != nil {
		return 0, true, err
	}
	next = min(next, m.look)
	for m.next < m.plan.total {
		due := m.plan.due(m.next)
		if due > now {
			return min(next, due), false, nil
		}
		i := m.lanes + int(m.next%int64(m.conns.len()-m.lanes))
		c := m.conns.at(i)
		if c.state != closed && c.state != open {
			break // all others have had their turn since, and this one is still under way: the server cannot follow
		}
		m.next++
		if err := m.replace(i, c); err != nil {
			return 0, true, err
		}
	}
	if late := now >= m.openEcho.plan.end+m.grace; late {
		return 0, true, nil
	}
	return next, done && m.busy == 0, nil
}

func (m *mixed) replace(i int, c *conn) error {
	m.busy++
	begin := func() error { return m.leave(c) }
	if c.state == closed { // the last attempt failed
		begin = func() error { return m.dial(i) }
	}
	if err := begin(); err != nil {
		return m.breaks(i, err)
	}
	return nil
}

func (m *mixed) gone(i int) error {
	if err := m.dial(i); err != nil {
		return m.breaks(i, err)
	}
	return nil
}

func (m *mixed) opened(int, *conn) error {
	m.busy--
	m.count.replaced++
	return nil
}

func (m *mixed) took(i int, c *conn, now int64) error {
	if i >= m.lanes {
		return errUnasked
	}
	return m.openEcho.took(i, c, now)
}

func (m *mixed) broken(i int, why error) error {
	if i < m.lanes {
		return breach(i, why)
	}
	m.busy--
	m.tolerated(i, why)
	return nil
}

func (m *mixed) waits() bool { return m.busy > 0 || m.openEcho.waits() }

func (m *mixed) finish(now int64) {
	m.openEcho.finish(now)
	for i := m.lanes; i < m.conns.len(); i++ {
		if c := m.conns.at(i); c.state != open {
			m.reset(i)
		}
	}
}
