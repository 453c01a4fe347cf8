package load

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// starved is for how long the threads of this process have been ready to run and had no processor, in all (proc(5),
// the second field of schedstat). It is 0 where the kernel does not count that.
func starved() time.Duration {
	var sum int64
	names, _ := filepath.Glob("/proc/self/task/*/schedstat") // the pattern is right
	for _, name := range names {
		p, err := os.ReadFile(name)
		if fields := bytes.Fields(p); err == nil && len(fields) > 1 {
			ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			sum += ns
		}
	}
	return time.Duration(sum)
}
