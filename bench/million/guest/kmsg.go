package guest

import (
	"strings"

	"golang.org/x/sys/unix"
)

// kills gives what the kernel has written about processes it ended because memory was used up.
func kills() []string {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var found []string
	record := make([]byte, 8192)
	for {
		n, err := unix.Read(fd, record) // one record each time
		if err == unix.EPIPE {
			continue // the oldest was overwritten meanwhile
		}
		if err != nil || n <= 0 {
			return found
		}
		if text, ok := killed(string(record[:n])); ok {
			found = append(found, text)
		}
	}
}

// killed takes the text out of a record, "6,339,5140900,-;text" and further lines, if it is about a lack of memory.
func killed(record string) (string, bool) {
	_, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	lower := strings.ToLower(text)
	for _, sign := range [...]string{"out of memory", "oom-kill", "oom_reaper", "page allocation failure"} {
		if strings.Contains(lower, sign) {
			return text, true
		}
	}
	return "", false
}
