package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally is how long things took. It allocates when it begins, and one piece of the course at a time past those that were
// expected. Times are of the load's clock.
type tally struct {
	latency, late *hdrhistogram.Histogram

	start    int64
	interval int64
	at       int64                   // the beginning of the piece that runs
	now      *hdrhistogram.Histogram // of it, with two digits: it is read while the work goes on
	before   *hdrhistogram.Histogram // of the piece before
	course   []Piece
}

func newTally() tally {
	t := tally{
		latency: newHistogram(), late: newHistogram(),
		now: hdrhistogram.New(1, int64(longest), 2), before: hdrhistogram.New(1, int64(longest), 2),
	}
	t.begin(0, 0, 0)
	return t
}

// begin starts anew. A zero interval is a second.
func (t *tally) begin(start int64, interval, duration time.Duration) {
	if interval <= 0 {
		interval = time.Second
	}
	t.latency.Reset()
	t.late.Reset()
	t.now.Reset()
	t.before.Reset()
	t.start, t.at, t.interval = start, start, int64(interval)
	t.course = make([]Piece, 0, min(int64(duration)/t.interval+4, 1<<16))
}

// took records that something ended at now, which began, or should have, at since.
func (t *tally) took(now, since int64) {
	t.reach(now)
	record(t.latency, now-since, 1)
	record(t.now, now-since, 1)
}

// lost records n messages that were due at since and had no answer at now. That is less than they took, and yet better
// than to leave them out: the worst must not make the figures better.
func (t *tally) lost(now, since, n int64) { record(t.latency, now-since, n) }

// left records that something that was due at due left at now.
func (t *tally) left(now, due int64) { record(t.late, now-due, 1) }

// reach ends the pieces that are over at now. Before begin there are none: connections may be visited then.
func (t *tally) reach(now int64) {
	for t.interval > 0 && now >= t.at+t.interval {
		t.cut(t.at + t.interval)
	}
}

func (t *tally) cut(end int64) {
	t.course = append(t.course, t.piece(end))
	t.now, t.before = t.before, t.now
	if t.now.TotalCount() > 0 {
		t.now.Reset()
	}
	t.at = end
}

// piece is what is in now, as a piece until end.
func (t *tally) piece(end int64) Piece {
	p := Piece{At: time.Duration(t.at - t.start), Length: time.Duration(end - t.at), Messages: t.now.TotalCount()}
	if p.Messages > 0 {
		p.P50 = time.Duration(t.now.ValueAtQuantile(50))
		p.P99 = time.Duration(t.now.ValueAtQuantile(99))
		p.Max = time.Duration(t.now.Max())
	}
	return p
}

// finish ends the last piece and gives the course. A rest that is shorter than half a piece becomes part of the one
// before: the rate of so short a time says nothing.
func (t *tally) finish(now int64) []Piece {
	t.reach(now)
	if n := len(t.course); n > 0 && now-t.at < t.interval/2 {
		t.now.Merge(t.before)
		t.at -= t.interval
		t.course = t.course[:n-1]
	}
	t.course = append(t.course, t.piece(now))
	return t.course
}

func record(h *hdrhistogram.Histogram, ns, n int64) {
	_ = h.RecordValues(min(max(ns, 1), int64(longest)), n) // within the range there is no error
}
