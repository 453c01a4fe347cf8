package result_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/result"
)

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                               "EOF",
		`{"schema":1,"servers":[`:        "unexpected EOF",
		`{}`:                             "schema 0, want 1",
		`{"schema":2,"cells":{"a":"b"}}`: "schema 2, want 1", // and not that cells are no list
		`{"schema":1,"cells":{"a":"b"}}`: "cells",
		`{"schema":1}`:                   "no servers",
		`{"schema":1,"cells":[{}]}`:      "not among the servers",
	} {
		if _, err := result.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
