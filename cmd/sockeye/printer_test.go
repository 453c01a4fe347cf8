package main_test

import (
	"testing"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

func TestPrinter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		o      main.PrinterOptions
		stream bool
		pieces []string
		seen   int
		want   string
	}{
		{"messages", main.PrinterOptions{}, false, []string{"a", "", "b\nc", "\xff\x00"}, 4, "a\n\nb\nc\n\xff\x00\n"},
		{"messages, verbatim", main.PrinterOptions{Verbatim: true}, false, []string{"a", "\n"}, 2, "a\n"},
		{"messages, limited", main.PrinterOptions{Limit: 2}, false, []string{"a", "b", "c"}, 2, "a\nb\n"},
		{
			"messages, for people",
			main.PrinterOptions{People: true, Mark: "< "},
			false,
			[]string{"é\t\"\\", "\x1b[2J\r\x00\u202e\xff"},
			2, "< é\t\"\\\n< \\x1b[2J\\r\\x00\\u202e\\xff\n",
		},
		{"messages, verbatim, for people", main.PrinterOptions{People: true, Verbatim: true}, false, []string{"a\x07"}, 1, "a\\a\n"},
		{"stream", main.PrinterOptions{}, true, []string{"a\nb", "c\n", "", "d"}, 3, "a\nbc\nd"},
		{"stream, limited", main.PrinterOptions{Limit: 2}, true, []string{"a\nb", "c\nd\ne"}, 2, "a\nbc\n"},
		{"stream, limited in one piece", main.PrinterOptions{Limit: 1}, true, []string{"a\nb\n"}, 1, "a\n"},
		{"stream, for people", main.PrinterOptions{People: true, Mark: "< "}, true, []string{"login: ", "a\nb\x1b\n"}, 2, "< login: \n< a\n< b\\x1b\n"},
		{"nothing", main.PrinterOptions{Limit: 1}, true, nil, 0, ""},
	} {
		if seen, got := main.Print(tt.o, tt.stream, tt.pieces...); seen != tt.seen || got != tt.want {
			t.Errorf("%s: %d, %q; want %d, %q", tt.name, seen, got, tt.seen, tt.want)
		}
	}
}
