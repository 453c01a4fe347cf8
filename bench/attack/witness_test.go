package attack_test

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// witnesses is how many well-behaved connections each attacked server has.
const witnesses = 20

// crowd is them: each sends a message, waits for the answer, and sends the next.
type crowd struct {
	t      *testing.T
	list   []*bystander
	beat   chan struct{} // somebody had an answer, or failed
	stop   atomic.Bool
	failed atomic.Bool
	done   sync.WaitGroup
}

type bystander struct {
	*peer
	echoed atomic.Int64
}

func witness(t *testing.T, addr string) *crowd {
	t.Helper()
	w := &crowd{t: t, beat: make(chan struct{}, 1)}
	for range witnesses {
		p, err := shake(addr)
		if err != nil {
			t.Fatal(err)
		}
		w.list = append(w.list, &bystander{peer: p})
	}
	for i, b := range w.list {
		w.done.Go(func() {
			if err := b.talk(w, i); err != nil {
				w.failed.Store(true)
				t.Errorf("witness %d, after %d answers: %v", i, b.echoed.Load(), err)
				w.tell()
			}
		})
	}
	t.Cleanup(func() {
		w.end()
		for _, b := range w.list {
			_ = b.Close()
		}
	})
	return w
}

func (b *bystander) talk(w *crowd, i int) error {
	got := make([]byte, 64)
	for !w.stop.Load() {
		if err := b.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		msg := fmt.Sprintf("witness %d, message %d", i, b.echoed.Load())
		if _, err := b.Write(masked(fin|text, msg)); err != nil {
			return err
		}
		want := plain(fin|text, msg)
		got = got[:len(want)]
		if _, err := io.ReadFull(b.r, got); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("received %q, want %q", got, want)
		}
		b.echoed.Add(1)
		w.tell()
	}
	return nil
}

func (w *crowd) tell() {
	select {
	case w.beat <- struct{}{}:
	default:
	}
}

// echo waits until each witness has had n answers more.
func (w *crowd) echo(n int64) {
	w.t.Helper()
	goal := make([]int64, len(w.list))
	for i, b := range w.list {
		goal[i] = b.echoed.Load() + n
	}
	for i, b := range w.list {
		for b.echoed.Load() < goal[i] {
			if w.failed.Load() {
				w.t.FailNow()
			}
			<-w.beat
		}
	}
}

// end stops the witnesses, each after an answer, and tells how many all had.
func (w *crowd) end() (echoed int64) {
	w.stop.Store(true)
	w.done.Wait()
	for _, b := range w.list {
		echoed += b.echoed.Load()
	}
	return echoed
}
