package engine

import (
	"context"
	"fmt"
	"log/slog"
)

// gnetLogger lets gnet speak through our logger. What gnet calls information is
// debugging to us, and so is its one warning: that a connection was closed by
// the loop in the same turn as its peer sent something, which happens all day.
// Nothing is fatal: a library does not end the process.
type gnetLogger struct{ log *slog.Logger }

func (g gnetLogger) print(level slog.Level, format string, args []any) {
	ctx := context.Background()
	if g.log.Enabled(ctx, level) {
		g.log.Log(ctx, level, "gnet: "+fmt.Sprintf(format, args...))
	}
}

func (g gnetLogger) Debugf(format string, args ...any) { g.print(slog.LevelDebug, format, args) }
func (g gnetLogger) Infof(format string, args ...any)  { g.print(slog.LevelDebug, format, args) }
func (g gnetLogger) Warnf(format string, args ...any)  { g.print(slog.LevelDebug, format, args) }
func (g gnetLogger) Errorf(format string, args ...any) { g.print(slog.LevelError, format, args) }
func (g gnetLogger) Fatalf(format string, args ...any) { g.print(slog.LevelError, format, args) }
