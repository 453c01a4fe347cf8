package differential_test

import (
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// ourClient is what a client does that stands on our codec alone.
func ourClient(s *stream) (o outcome, err error) {
	c := &coded{dec: wsproto.NewDecoder(&wsproto.Config{Client: true, MaxMessage: s.limit, Deflate: s.packing != plain}), s: s}
	c.o.end = waiting
	var kept []byte
	for _, r := range s.reads() {
		for kept = append(kept, r...); c.o.end == waiting; {
			ev, n, err := c.dec.Next(kept)
			if err == nil && n == 0 {
				break
			}
			kept = kept[n:]
			if err == nil {
				err = c.event(&ev)
			}
			var bad *wsproto.Error
			switch {
			case errors.As(err, &bad):
				c.o.end = ending(bad.Code)
			case err != nil:
				return c.o, err
			}
		}
	}
	return c.o, nil
}

var inflaters = sync.Pool{New: func() any { return wsproto.NewInflater() }}

type coded struct {
	dec         wsproto.Decoder
	s           *stream
	o           outcome
	msg, window []byte
}

// event is what to do with what the decoder gives.
func (c *coded) event(ev *wsproto.Event) (err error) {
	switch ev.Op {
	case wsproto.OpPing:
		c.o.answers = append(c.o.answers, answer(opPong, ev.Payload))
		return nil
	case wsproto.OpPong:
		return nil
	case wsproto.OpClose:
		code, _, err := wsproto.ParseClose(ev.Payload)
		if err == nil {
			c.o.end = ending(code)
		}
		return err
	}
	if ev.First {
		c.msg = nil
	}
	if c.msg = append(c.msg, ev.Payload...); !ev.Last {
		return nil
	}
	if c.dec.Compressed() {
		if c.msg, err = c.inflate(c.msg); err != nil {
			return err
		}
		if ev.Op == wsproto.OpText && !utf8.Valid(c.msg) {
			return wsproto.ErrInvalidUTF8
		}
	}
	c.o.answers = append(c.o.answers, answer(byte(ev.Op), c.msg))
	return nil
}

func (c *coded) inflate(p []byte) (msg []byte, err error) {
	z := inflaters.Get().(*wsproto.Inflater)
	defer inflaters.Put(z)
	z.Reset(append(p, wsproto.DeflateTail...), c.window)
	defer z.Release()
	msg, err = io.ReadAll(io.LimitReader(z, c.s.limit+1))
	if int64(len(msg)) > c.s.limit {
		err = wsproto.ErrMessageTooBig
	}
	if c.s.packing == takeover {
		c.window = slide(c.window, msg)
	}
	return msg, err
}
