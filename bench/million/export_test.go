package million

import "io"

// Archive writes one entry of each kind, the file's content from path.
func Archive(w io.Writer, path string) error {
	a := &archive{w: w}
	a.dir("dev")
	a.device("dev/null", 1, 3)
	a.bytes("job", []byte("12345"))
	a.file("bin", path)
	return a.close()
}

// Line takes a line of the console.
func (r *Report) Line(text []byte) error {
	_, err := r.line(text)
	return err
}
