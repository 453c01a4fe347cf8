package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes; a signal adds its number to exitSignal, as shells do.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitCheck  = 3
	exitSignal = 128
)

// usageError is an error of who typed the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// checkError is a check or a threshold that did not hold; the work itself was
// done.
type checkError struct{ err error }

func (e *checkError) Error() string { return e.err.Error() }
func (e *checkError) Unwrap() error { return e.err }

// signalError ends a command that a signal interrupted.
type signalError struct{ sig os.Signal }

func (e *signalError) Error() string { return signalName(e.sig) }

func signalName(s os.Signal) string {
	switch s {
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return s.String()
}

// exitCode sorts what a command answered. cobra checks flags and arguments
// before it runs anything: an error that comes before started is wrong usage.
func exitCode(err error, started bool) int {
	var ue *usageError
	var ce *checkError
	var se *signalError
	switch {
	case err == nil:
		return exitDone
	case !started, errors.As(err, &ue):
		return exitUsage
	case errors.As(err, &ce):
		return exitCheck
	case errors.As(err, &se):
		if n, ok := se.sig.(syscall.Signal); ok {
			return exitSignal + int(n)
		}
	}
	return exitFailed
}

// stopSignals delivers SIGINT and SIGTERM until stop is called.
func stopSignals() (sigs <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, syscall.SIGINT, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}
