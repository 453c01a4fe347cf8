package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"golang.org/x/term"
)

// errInterrupt is Ctrl-C on a terminal that is being edited: the terminal's
// driver makes no signal of it then.
var errInterrupt = errors.New("interrupted")

// terminal is where a person types, with a prompt and an editor. What is written
// to it while somebody types goes above the prompt.
type terminal struct {
	*term.Terminal
	keys  *keys
	fd    int
	saved *term.State
}

// openTerminal answers nil unless in and out are a terminal.
func openTerminal(in io.Reader, out io.Writer) *terminal {
	fin, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(fin.Fd())) || !isTerminal(out) {
		return nil
	}
	t := &terminal{keys: &keys{r: in}, fd: int(fin.Fd())}
	t.Terminal = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{t.keys, out}, "> ")
	return t
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the number of columns of w, 0 if it is no terminal.
func terminalWidth(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return width
}

// edit begins to edit; restore must follow before the process ends.
func (t *terminal) edit() (err error) {
	t.saved, err = term.MakeRaw(t.fd)
	return err
}

func (t *terminal) restore() {
	if t.saved != nil {
		_, _ = t.Write([]byte("\n")) // off the prompt
		_ = term.Restore(t.fd, t.saved)
		t.saved = nil
	}
}

// readLines calls send with each line that was typed, until Ctrl-D on an empty
// line. Ctrl-C ends it with errInterrupt.
func (t *terminal) readLines(send func([]byte) error) error {
	for {
		if w, h, err := term.GetSize(t.fd); err == nil && w > 0 {
			_ = t.SetSize(w, h)
		}
		line, err := t.ReadLine()
		switch {
		case err == io.EOF && t.keys.interrupted:
			return errInterrupt
		case err == io.EOF:
			return nil
		case err != nil:
			return inputError(err)
		}
		if err := send([]byte(line)); err != nil {
			return err
		}
	}
}

// keys watches for Ctrl-C, which the editor does not tell from Ctrl-D.
type keys struct {
	r           io.Reader
	interrupted bool
}

func (k *keys) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if bytes.IndexByte(p[:n], 3) >= 0 {
		k.interrupted = true
	}
	return n, err
}
