package vitals

import (
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
)

// Serve answers two signals from now on: SIGUSR1 collects all garbage and returns the free pages to the system, SIGUSR2
// writes one line to w, "vitals {json}". One goroutine does both, in the order in which the signals come, so an answer
// never tells of half a collection; w may be used by others if it can take that. Signals of the same kind that come
// while one is waiting are one.
//
// stop gives the signals back and returns when that goroutine has ended. It may be called more than once.
//
// An answer allocates a few objects itself, which the next one counts: see TestAnAnswerCostsLittle.
func Serve(w io.Writer) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	var answering sync.WaitGroup
	answering.Go(func() {
		for s := range signals {
			if s == syscall.SIGUSR1 {
				collect()
			} else {
				answer(w)
			}
		}
	})
	return sync.OnceFunc(func() {
		signal.Stop(signals) // nothing is sent after it has returned
		close(signals)
		answering.Wait()
	})
}

func collect() {
	runtime.GC() // a sync.Pool lets go of what is in it at the second collection
	debug.FreeOSMemory()
}

// answer drops what cannot be written: whoever asked has gone.
func answer(w io.Writer) {
	text, err := json.Marshal(now())
	if err != nil {
		panic(err) // Vitals is plain numbers
	}
	_, _ = w.Write(append(append([]byte(prefix), text...), '\n'))
}
