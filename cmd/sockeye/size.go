package main

import (
	"errors"
	"strconv"
	"strings"
)

// size is a flag that counts bytes: 65536, 64KiB, 1MiB, or -1 for no limit.
type size int64

var units = []struct {
	name string
	n    int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

var errSize = errors.New("want a number of bytes such as 65536, 64KiB or 1MiB, or -1 for no limit")

// Set parses s.
func (v *size) Set(s string) error {
	unit := int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(s, u.name); ok {
			s, unit = rest, u.n
			break
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < -1 || n > (1<<62)/unit {
		return errSize
	}
	*v = size(max(n*unit, -1))
	return nil
}

// String formats v so that Set understands it.
func (v *size) String() string {
	for _, u := range units {
		if n := int64(*v); n > 0 && n%u.n == 0 && u.n > 1 {
			return strconv.FormatInt(n/u.n, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*v), 10)
}

// Type is what help calls the value.
func (v *size) Type() string { return "size" }
