package engine_test

import (
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// TestMailboxFIFO sends 100,000 messages from another goroutine, more than the
// 1,024 tasks after which gnet's own queue reorders.
func TestMailboxFIFO(t *testing.T) {
	t.Parallel()
	const n = 100_000
	opened := make(chan engine.Handle, 1)
	e := start(t, engine.Config{Loops: 2})
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{open: func(c *engine.Conn) error {
		opened <- c.Handle()
		return nil
	}}, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	h := wait(t, opened, "connection")
	sent := make(chan error, 1)
	go func() {
		var msg [8]byte
		for i := range uint64(n) {
			binary.BigEndian.PutUint64(msg[:], i)
			if err := h.Write(msg[:]); err != nil {
				sent <- err
				return
			}
		}
		sent <- h.Close()
	}()
	got, err := io.ReadAll(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(t, sent, "end of sending"); err != nil {
		t.Fatal(err)
	}
	if len(got) != 8*n {
		t.Fatalf("received %d bytes, want %d", len(got), 8*n)
	}
	for i := range uint64(n) {
		if v := binary.BigEndian.Uint64(got[8*i:]); v != i {
			t.Fatalf("message %d is number %d", i, v)
		}
	}
}

// TestMailboxOrderPerSender mixes every kind of call from several goroutines.
func TestMailboxOrderPerSender(t *testing.T) {
	t.Parallel()
	const senders, n = 8, 5_000
	e := start(t, engine.Config{Loops: 1})
	opened := make(chan engine.Handle, 1)
	var next [senders]int // on the loop
	see := func(sender, i int) {
		if next[sender] != i {
			t.Errorf("sender %d: number %d came, want %d", sender, i, next[sender])
		}
		next[sender] = i + 1
	}
	h := &mailFuncs{mail: func(_ *engine.Conn, tag int, p []byte) {
		see(tag, int(binary.BigEndian.Uint32(p)))
	}}
	h.open = func(c *engine.Conn) error {
		opened <- c.Handle()
		return nil
	}
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	dial(t, ln.Addr())
	handle := wait(t, opened, "connection")

	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range n {
				var err error
				switch i % 3 {
				case 0:
					err = handle.Post(func(*engine.Conn) { see(s, i) })
				case 1:
					err = handle.Mail(s, binary.BigEndian.AppendUint32(nil, uint32(i)))
				case 2:
					_ = e.Each(h, engine.VisitorFunc(func(*engine.Conn) { see(s, i) }))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	done := make(chan struct{})
	if err := handle.Post(func(*engine.Conn) { close(done) }); err != nil {
		t.Fatal(err)
	}
	wait(t, done, "last task")
	for s, got := range next {
		if got != n {
			t.Errorf("sender %d: %d tasks ran, want %d", s, got, n)
		}
	}
}

// TestMailboxRings wants one wake-up for a batch, and the messages of a batch in
// one system call.
func TestMailboxRings(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	rings := l.Rings()
	for range 1000 {
		if err := p.Handle().Write([]byte("0123456789")); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.Rings() - rings; n != 1 {
		t.Errorf("1000 writes rang %d times, want once", n)
	}
	l.Drain()
	if n := p.Writes(); n != 1 {
		t.Errorf("1000 writes made %d system calls, want 1", n)
	}
	if n := len(p.Received()); n != 10_000 {
		t.Errorf("received %d bytes, want 10000", n)
	}
}

func TestMailboxFull(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{MailboxBytes: 10_000})
	p := l.Connect(echo{}, engine.Options{})
	msg := make([]byte, 1000)
	taken := 0
	for p.Handle().Write(msg) == nil {
		taken += len(msg)
		if taken > 20_000 {
			t.Fatal("the mailbox took twice its limit")
		}
	}
	if taken < 8000 {
		t.Errorf("the mailbox took %d bytes, want nearly 10000", taken)
	}
	for p.Handle().Post(func(*engine.Conn) {}) == nil {
		continue // an empty task may still have fitted
	}
	before := l.Stats().MailboxFull
	for name, err := range map[string]error{
		"Write": p.Handle().Write(msg),
		"Post":  p.Handle().Post(func(*engine.Conn) { t.Error("ran") }),
		"Mail":  p.Handle().Mail(1, msg),
	} {
		if !errors.Is(err, engine.ErrMailboxFull) {
			t.Errorf("%s: %v, want ErrMailboxFull", name, err)
		}
	}
	if n := l.Stats().MailboxFull - before; n != 3 {
		t.Errorf("Stats.MailboxFull went up by %d, want 3", n)
	}
	l.Drain()
	if n := len(p.Received()); n != taken {
		t.Errorf("received %d bytes, want the %d that were taken", n, taken)
	}
	// There is room again, and a Close is always taken.
	for p.Handle().Write(msg) == nil {
		continue
	}
	if err := p.Handle().Close(); err != nil {
		t.Errorf("Close of a full mailbox: %v", err)
	}
	l.Drain()
	if !p.SawFIN() {
		t.Error("Close was not done")
	}
}

// TestMailboxManySmallTasks counts tasks without data against the limit.
func TestMailboxManySmallTasks(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{MailboxBytes: 64_000})
	p := l.Connect(echo{}, engine.Options{})
	n := 0
	for p.Handle().Post(func(*engine.Conn) {}) == nil {
		if n++; n > 1001 {
			t.Fatal("tasks are free")
		}
	}
}

func TestMailboxAfterClose(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	h := p.Handle()
	l.Close()
	for name, err := range map[string]error{
		"Write": h.Write([]byte("x")), "Post": h.Post(func(*engine.Conn) {}), "Close": h.Close(),
	} {
		if !errors.Is(err, engine.ErrClosed) && !errors.Is(err, engine.ErrServerClosed) {
			t.Errorf("%s: %v, want ErrClosed or ErrServerClosed", name, err)
		}
	}
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	_ = e.Close()
	if _, err := e.Dial(t.Context(), "tcp", "127.0.0.1:1", echo{}, engine.DialOptions{}); err == nil {
		t.Error("Dial of a closed engine succeeded")
	}
	if _, err := e.Listen("tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Listen: %v, want ErrServerClosed", err)
	}
	if err := e.Serve(t.Context()); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Serve: %v, want ErrServerClosed", err)
	}
}

// TestSelfPostDoesNotStarve lets a task post itself again for ever and wants
// echoes meanwhile. gnet's Execute would never come back to the sockets.
func TestSelfPostDoesNotStarve(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	opened := make(chan engine.Handle, 2)
	h := &funcs{
		open: func(c *engine.Conn) error { opened <- c.Handle(); return nil },
		data: echo{}.OnData,
	}
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	handle := wait(t, opened, "connection")
	var stop atomic.Bool
	var again func(*engine.Conn)
	runs := 0
	ended := make(chan struct{})
	again = func(c *engine.Conn) {
		runs++
		if stop.Load() || handle.Post(again) != nil {
			close(ended)
		}
	}
	if err := handle.Post(again); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		roundTrip(t, nc, "ping")
	}
	stop.Store(true)
	wait(t, ended, "end of the self-posting task")
	if runs < 100 {
		t.Errorf("the task ran %d times during 100 echoes", runs)
	}
}

// TestMailboxForgets what it has done: a loop that is never woken up again must
// not keep what a posted function refers to.
func TestMailboxForgets(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	post := func() weak.Pointer[[1 << 20]byte] {
		large := new([1 << 20]byte)
		if err := p.Handle().Post(func(*engine.Conn) { large[0]++ }); err != nil {
			t.Fatal(err)
		}
		return weak.Make(large)
	}
	ref := post()
	runtime.GC()
	if ref.Value() == nil {
		t.Fatal("the task was forgotten before it ran")
	}
	l.Drain()
	runtime.GC()
	if ref.Value() != nil {
		t.Error("the task is still referred to after it ran")
	}
	runtime.KeepAlive(l)
}

// TestMailOfClosing is not delivered any more, and counted.
func TestMailOfClosing(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(&mailFuncs{mail: func(*engine.Conn, int, []byte) { t.Error("OnMail of a closing connection") }}, engine.Options{})
	_ = p.Handle().Close()
	if err := p.Handle().Mail(1, []byte("12345")); err != nil {
		t.Fatal(err)
	}
	l.Drain()
	if err := p.Handle().Mail(1, []byte("67890")); err != nil {
		t.Fatal(err) // it lingers
	}
	l.Drain()
	if n := l.Stats().DroppedBytes; n != 10 {
		t.Errorf("DroppedBytes = %d, want 10", n)
	}
}

// TestMailboxSlices wants that one wake-up does a bounded number of tasks.
func TestMailboxSlices(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	ran := 0
	for range 10_000 {
		if err := p.Handle().Post(func(*engine.Conn) { ran++ }); err != nil {
			t.Fatal(err)
		}
	}
	steps := 0
	for l.Step() {
		steps++
	}
	if ran != 10_000 {
		t.Fatalf("%d tasks ran, want 10000", ran)
	}
	if steps < 8 {
		t.Errorf("10000 tasks took %d wake-ups: sockets wait for too long", steps)
	}
}
