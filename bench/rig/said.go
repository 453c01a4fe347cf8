package rig

import (
	"strings"
	"sync"
)

// Of what a process prints, its first words are kept, which name the address or say why there is none, and its last,
// which say why it ended.
const (
	firstWords = 1 << 10
	lastWords  = 1 << 9
)

// said is what a process has printed, on both outputs. Its methods may be called from any goroutine.
type said struct {
	mu    sync.Mutex
	first strings.Builder
	rest  []byte
}

// Write is add for a command's output.
func (s *said) Write(p []byte) (int, error) {
	s.add(string(p))
	return len(p), nil
}

func (s *said) add(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := min(len(line), firstWords-s.first.Len()); n > 0 {
		s.first.WriteString(line[:n])
		line = line[n:]
	}
	s.rest = append(s.rest, line...)
	if over := len(s.rest) - lastWords; over > 0 {
		s.rest = append(s.rest[:0], s.rest[over:]...)
	}
}

// last is what there is, on a line of its own, to be put after an error; nothing if nothing was printed.
func (s *said) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.TrimSpace(s.first.String() + string(s.rest))
	if text == "" {
		return ""
	}
	return "\n" + text
}
