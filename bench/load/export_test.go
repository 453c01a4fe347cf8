package load

import (
	"time"
	"unsafe"

	"github.com/HdrHistogram/hdrhistogram-go"
)

var (
	Payload     = payload
	Verdict     = verdict
	Encode      = encode
	NewSchedule = newSchedule
)

const (
	InflightMost = inflightMost
	BytesOfConn  = unsafe.Sizeof(conn{})
)

type (
	Schedule = schedule
	Stamps   = stamps
)

func (s *schedule) Due(k int64) time.Duration { return time.Duration(s.due(k)) }
func (s *schedule) Total() int64              { return s.total }
func (s *stamps) Push(at int64)               { s.push(at) }
func (s *stamps) Pop() int64                  { return s.pop() }
func (s *stamps) Len() int                    { return int(s.n) }

// Tally is one whose clock is the test's, in time since the start.
type Tally struct{ t tally }

func NewTally(interval, duration time.Duration) *Tally {
	t := &Tally{newTally()}
	t.t.begin(0, interval, duration)
	return t
}

func (t *Tally) Took(now, since time.Duration)          { t.t.took(int64(now), int64(since)) }
func (t *Tally) Finish(now time.Duration) []Piece       { return t.t.finish(int64(now)) }
func (t *Tally) Latency() *hdrhistogram.Histogram       { return t.t.latency }
func (t *Tally) Lost(now, since time.Duration, n int64) { t.t.lost(int64(now), int64(since), n) }

// Reader reads as a connection does that was configured by cfg.
type Reader struct {
	r reader
	f format
}

func NewReader(cfg Config, numbered bool) (*Reader, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	r := &Reader{f: newFormat(cfg)}
	r.f.numbered = numbered
	return r, nil
}

// Next is reader.next, and the number of the message if it became whole.
func (r *Reader) Next(p []byte) (n int, whole bool, number int64, err error) {
	n, whole, err = r.r.next(&r.f, p)
	return n, whole, r.r.number, err
}

// Numbered is a message with a number, as a server sends it.
func Numbered(cfg Config, k int64) []byte {
	f := newFormat(cfg)
	p := append(append([]byte(nil), f.answer...), f.body...)
	putNumber(p[len(f.answer):], k)
	return p
}

// Coarse makes it a load on a kernel without epoll_pwait2.
func (l *Load) Coarse() { l.poller.coarse = true }

// Work does an order and gives nothing back but what is counted: no histogram is encoded, which allocates.
func (l *Load) Work(o Order) (messages int64, err error) {
	w, err := l.begin(o)
	if err != nil {
		return 0, err
	}
	l.epoch = time.Now()
	err = l.pursue(w)
	if f, ok := w.(finisher); ok {
		f.finish(l.now())
		if err := l.compact(); err != nil {
			return 0, err
		}
	}
	return l.count.messages, err
}
