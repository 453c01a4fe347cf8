package engine

// Trimmed tells whether gnet's connections have the layout that trim knows.
func Trimmed() bool {
	o := trimmed.Load()
	return o != nil && o.ok
}

// Wheel is the timing wheel, for the benchmarks.
type Wheel struct{ w *wheel }

// NewWheel makes one with so many slots.
func NewWheel(slots int) Wheel {
	w := newWheel(0)
	w.grow(slots)
	return Wheel{w}
}

func (w Wheel) Schedule(slot, at uint32)                    { w.w.schedule(slot, at) }
func (w Wheel) Cancel(slot uint32)                          { w.w.cancel(slot) }
func (w Wheel) Advance(now uint32, visit func(slot uint32)) { w.w.advance(now, visit) }

// EachOn is Engine.Each for the loop of c, which may be one of enginetest.
func EachOn(c *Conn, h Handler, v Visitor) error {
	return c.loop.mail.put(task{kind: taskSweep, want: h, visitor: v}, nil, false)
}
