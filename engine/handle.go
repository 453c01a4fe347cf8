package engine

// Handle names a connection from any goroutine. It is a small comparable value
// that never dangles: once the connection is gone every method answers
// ErrClosed, even if its slot or its descriptor serves another by then. The
// zero Handle is a connection that is gone.
//
// Calls of one goroutine take effect in their order. They are tasks for the
// loop: nil means that the task was queued, not that it was done. Those of a
// callback are done when it ends, and what they write to its connection leaves with
// what it wrote itself; those of other goroutines wake the loop up if it sleeps.
type Handle struct {
	l         *loop
	slot, gen uint32
}

// Write queues a copy of p for the connection. It returns ErrClosed,
// ErrMailboxFull (nothing was queued; the connection stays open) or
// ErrServerClosed. Bytes that find the connection gone when their turn comes
// are dropped and counted in Stats.Dropped.
func (h Handle) Write(p []byte) error {
	return h.put(task{kind: taskWrite}, p)
}

// Post lets fn run on the loop, with the connection. fn is dropped when the
// connection is gone by then; OnClose tells. The errors are those of Write.
func (h Handle) Post(fn func(c *Conn)) error {
	return h.put(task{kind: taskPost, visitor: VisitorFunc(fn)}, nil)
}

// Mail queues a copy of p for OnMail of the connection's handler, which should be a
// MailHandler: else p is dropped, and counted. It is how a protocol lets other
// goroutines send: the message is encoded on the loop, where the state of the
// protocol is known. tag is the handler's own. The errors and the counter are those
// of Write.
func (h Handle) Mail(tag int, p []byte) error {
	return h.put(task{kind: taskMail, tag: tag}, p)
}

// Close closes the connection as Conn.Close does, after what this goroutine
// wrote before. The errors are those of Write, without ErrMailboxFull.
func (h Handle) Close() error {
	return h.put(task{kind: taskClose}, nil)
}

func (h Handle) put(t task, p []byte) error {
	if h.l == nil || !h.l.slots.live(h.slot, h.gen) {
		if h.l != nil {
			h.l.stats.staleHandles.Add(1)
		}
		return ErrClosed
	}
	t.slot, t.gen = h.slot, h.gen
	err := h.l.mail.put(t, p, t.kind == taskClose)
	if err == ErrMailboxFull {
		h.l.stats.fullMail.Add(1)
	}
	return err
}
