package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sockeye-io/sockeye/bench/result"
)

// writable fails if writeFile will not be able to write name, as far as that can
// be told before: measuring takes minutes.
func writable(name string) error {
	special, err := isSpecial(name)
	if err != nil {
		return err
	}
	if special {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".sockeye-*")
	if err != nil {
		return err
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// isSpecial is whether name is a device, a pipe or so, which must not be replaced
// by a file.
func isSpecial(name string) (bool, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil: // it is not there yet, or its folder will say why not
		return false, nil
	case info.IsDir():
		return false, fmt.Errorf("%s is a folder", name)
	}
	return info.Mode()&fs.ModeType != 0, nil
}

// writeFile writes name as a whole or not at all, unless it is a device.
func writeFile(name string, write func(io.Writer) error) error {
	special, err := isSpecial(name)
	if err != nil {
		return err
	}
	if special {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := write(f); err != nil {
			_ = f.Close()
			return err
		}
		return f.Close()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".sockeye-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func readResult(name string) (*result.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := result.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
