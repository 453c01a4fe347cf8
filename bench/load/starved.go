package load

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// wake is how long a thread may take to begin on a processor that has nothing else to do: a virtual one has to be woken up
// by its host, which the kernel counts as waiting.
const wake = int64(50 * time.Microsecond)

// hunger is for how long each thread of this process has been ready to run and had no processor, in nanoseconds (proc(5),
// the second field of schedstat), beyond wake for each time that it began to (the third). It is empty where the kernel does not count that.
type hunger map[string]int64

func starved() hunger {
	h := hunger{}
	names, _ := filepath.Glob("/proc/self/task/*/schedstat") // the pattern is right
	for _, name := range names {
		p, err := os.ReadFile(name)
		if fields := bytes.Fields(p); err == nil && len(fields) > 2 {
			waited, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			times, _ := strconv.ParseInt(string(fields[2]), 10, 64)
			h[name] = waited - wake*times
		}
	}
	return h
}

// since is the most that a thread has been kept waiting since before. That is the one that does the work: the others, of
// the runtime, wait for it when all are pinned to one processor.
func (h hunger) since(before hunger) time.Duration {
	most := int64(0)
	for name, ns := range h {
		most = max(most, ns-before[name])
	}
	return time.Duration(most)
}
