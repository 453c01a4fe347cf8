package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	maxLine   = 16 << 20 // bytes of one line of input
	chunkSize = 32 << 10 // and of one piece: less than any kind of socket takes as one packet
)

// readLines calls send with each line of r, without its newline. The bytes are
// valid until send returns.
func readLines(r io.Reader, send func([]byte) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 64<<10), maxLine)
	sc.Split(splitLine)
	for sc.Scan() {
		if err := send(sc.Bytes()); err != nil {
			return err
		}
	}
	if errors.Is(sc.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("input: a line has more than %d bytes; --binary sends in pieces", maxLine)
	}
	return inputError(sc.Err())
}

// splitLine is bufio.ScanLines without taking a carriage return away: what was
// typed is what is sent.
func splitLine(p []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		return i + 1, p[:i], nil
	}
	if atEOF && len(p) > 0 {
		return len(p), p, nil
	}
	return 0, nil, nil
}

// readChunks calls send with what each read of r brings.
func readChunks(r io.Reader, send func([]byte) error) error {
	buf := make([]byte, chunkSize)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if err := send(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return inputError(err)
		}
	}
}

func inputError(err error) error {
	if err != nil {
		err = fmt.Errorf("input: %w", err)
	}
	return err
}
