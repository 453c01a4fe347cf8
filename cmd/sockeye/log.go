package main

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"
)

// logOptions are the flags of a command that logs.
type logOptions struct {
	level, format string
	quiet         bool
}

func (o *logOptions) add(f *pflag.FlagSet) {
	f.StringVar(&o.level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&o.format, "log-format", "text", "text or json")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "only warnings and errors, whatever --log-level says")
}

func (o *logOptions) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return nil, usagef("--log-level is %q, want debug, info, warn or error", o.level)
	}
	if o.quiet {
		level = max(level, slog.LevelWarn)
	}
	ho := &slog.HandlerOptions{Level: level}
	switch o.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, ho)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, ho)), nil
	}
	return nil, usagef("--log-format is %q, want text or json", o.format)
}
