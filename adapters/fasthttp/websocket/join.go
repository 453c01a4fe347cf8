package websocket

import "io"

// JoinMessages returns a reader of the messages that c receives, one behind the other, each with term behind it. It ends
// with the error of NextReader. One goroutine at a time.
func JoinMessages(c *Conn, term string) io.Reader {
	return &joined{c: c, term: term}
}

type joined struct {
	c    *Conn
	term string
	r    io.Reader // nil: between two messages
	rest string    // of term
}

func (j *joined) Read(p []byte) (n int, err error) {
	if j.rest != "" {
		n = copy(p, j.rest)
		j.rest = j.rest[n:]
		return n, nil
	}
	if j.r == nil {
		if _, j.r, err = j.c.NextReader(); err != nil {
			return 0, err
		}
	}
	n, err = j.r.Read(p)
	if err == io.EOF {
		j.r, j.rest, err = nil, j.term, nil
	}
	return n, err
}
