package load

var Payload = payload

// Work does an order and gives nothing back but what is counted: no histogram is encoded, which allocates.
func (l *Load) Work(o Order) (messages int64, err error) {
	l.count = counts{}
	start := l.now()
	l.tally.begin(start, o.Interval, o.Duration)
	w, err := l.begin(o, start)
	if err != nil {
		return 0, err
	}
	err = l.pursue(w)
	if f, ok := w.(finisher); ok {
		f.finish(l.now())
		if err := l.compact(); err != nil {
			return 0, err
		}
	}
	return l.count.messages, err
}
