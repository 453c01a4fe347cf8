package engine

// A turn is one call by the reactor: an event of a socket, or the doorbell. What is
// put into the mailbox meanwhile, by a callback of the turn above all, is done before
// it ends and costs no system call to wake the loop up with, up to a slice of tasks:
// then sockets come first, and the doorbell brings the rest.

// turnSlice is how many tasks are done after an event of a socket. There may be 1,000
// sockets with an event before the doorbell is next.
const turnSlice = 64

// begin begins a turn. It answers false inside another one: a pump brings its events
// by the mailbox.
func (l *loop) begin() (outer bool) {
	if l.busy {
		return false
	}
	l.busy = true
	l.mail.awake.Store(true)
	return true
}

// posted does what c's callback has put into the mailbox, or anybody else. Its writes
// to c leave with those of the callback.
func (l *loop) posted() (left int) {
	if l.rung {
		return turnSlice // in its turn, behind what waits for the doorbell
	}
	return l.perform(turnSlice)
}

// rest ends a turn in which n more tasks may be done.
func (l *loop) rest(n int) {
	for {
		l.mail.awake.Store(false)
		unfinished := l.workPos < len(l.work.tasks)
		if !unfinished && !l.mail.waiting.Load() || l.rung {
			break
		}
		if unfinished || n == 0 {
			l.rung = true
			l.mail.rings.Add(1)
			l.mail.ring()
			break
		}
		l.mail.awake.Store(true)
		n = l.perform(n)
		l.flushDirty()
	}
	l.busy = false
}

// perform does up to n tasks and answers how many of n are left.
func (l *loop) perform(n int) (left int) {
	for n > 0 {
		if l.workPos == len(l.work.tasks) {
			if !l.mail.waiting.Load() {
				break
			}
			l.work, l.workPos = l.mail.take(), 0
		}
		for n > 0 && l.workPos < len(l.work.tasks) {
			n--
			if !l.exec(&l.work.tasks[l.workPos]) {
				return 0
			}
			l.workPos++
		}
		if l.workPos == len(l.work.tasks) {
			l.mail.done(l.work)
			l.work, l.workPos = batch{}, 0
		}
	}
	return n
}
