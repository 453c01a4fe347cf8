package engine

import "sync/atomic"

// loopStats is written by its loop and read by anyone.
type loopStats struct {
	opened, closed         atomic.Uint64
	reads, bytesRead       atomic.Uint64
	writes, bytesWritten   atomic.Uint64
	dropped                atomic.Uint64
	panics                 atomic.Uint64
	switched               atomic.Uint64
	staleHandles, fullMail atomic.Uint64
	closedBy               [numCauses]atomic.Uint64
	_                      [64]byte // the next loop's line is its own
}

// Stats are counts since New, and what is open now. Counters of one Stats were
// read one after the other while the engine went on.
type Stats struct {
	Open     int    // connections now
	Accepted uint64 // by listeners, refused ones included
	Dialed   uint64
	Adopted  uint64
	Refused  uint64 // accepted and closed at once: MaxConns, or no descriptor was left
	Closed   uint64
	ClosedBy [numCauses]uint64 // by Cause

	AcceptErrors   uint64 // each is followed by a pause and another try
	HandlerPanics  uint64
	Switched       uint64 // calls of SetHandler that took effect
	StaleHandles   uint64 // calls of a Handle whose connection was gone
	MailboxFull    uint64 // calls of a Handle that found no room
	Rings          uint64 // system calls that woke a loop up because of its mailbox
	DroppedBytes   uint64 // written by a handler and not sent: the peer did not read, broke, or was gone
	ReadCalls      uint64 // system calls that brought bytes
	BytesRead      uint64
	WriteCalls     uint64 // system calls, those that wrote nothing included
	BytesWritten   uint64
	Packets        uint64 // datagrams received by UDP listeners
	PacketsDropped uint64 // datagrams of ours that the kernel did not take
	Loops          []LoopStats
}

// LoopStats is the share of one loop.
type LoopStats struct {
	Open                     int
	ReadCalls, BytesRead     uint64
	WriteCalls, BytesWritten uint64
}

func (l *loop) addTo(s *Stats) {
	t := &l.stats
	ls := LoopStats{
		ReadCalls: t.reads.Load(), BytesRead: t.bytesRead.Load(),
		WriteCalls: t.writes.Load(), BytesWritten: t.bytesWritten.Load(),
	}
	closed := t.closed.Load()
	ls.Open = int(t.opened.Load() - closed)
	s.Loops = append(s.Loops, ls)
	s.Open += ls.Open
	s.Closed += closed
	s.ReadCalls += ls.ReadCalls
	s.BytesRead += ls.BytesRead
	s.WriteCalls += ls.WriteCalls
	s.BytesWritten += ls.BytesWritten
	s.DroppedBytes += t.dropped.Load()
	s.HandlerPanics += t.panics.Load()
	s.Switched += t.switched.Load()
	s.StaleHandles += t.staleHandles.Load()
	s.MailboxFull += t.fullMail.Load()
	s.Rings += l.mail.rings.Load()
	for i := range s.ClosedBy {
		s.ClosedBy[i] += t.closedBy[i].Load()
	}
}
