package million

import (
	"fmt"
	"io"
	"os"
)

// archive writes an initramfs: a cpio archive in the "newc" form, which is all the kernel reads
// (Documentation/driver-api/early-userspace/buffer-format.rst). Device nodes need no privilege this way. After an error
// it writes no more; close tells it.
type archive struct {
	w    io.Writer
	ino  int
	size int64
	err  error
}

// Types of files, as in st_mode.
const (
	modeDir  = 0o040755
	modeFile = 0o100755
	modeChar = 0o020600
)

func (a *archive) dir(name string) { a.entry(name, modeDir, 0, 0, 0) }

func (a *archive) device(name string, major, minor int) { a.entry(name, modeChar, 0, major, minor) }

func (a *archive) bytes(name string, p []byte) {
	a.entry(name, modeFile, int64(len(p)), 0, 0)
	a.write(p)
	a.pad()
}

func (a *archive) file(name, path string) {
	f, err := os.Open(path)
	if err != nil {
		a.fail(err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		a.fail(err)
		return
	}
	a.entry(name, modeFile, info.Size(), 0, 0)
	if a.err == nil {
		n, err := io.Copy(a.w, f)
		a.size += n
		if err == nil && n != info.Size() {
			err = fmt.Errorf("million: %s changed while it was read", path)
		}
		a.fail(err)
	}
	a.pad()
}

func (a *archive) close() error {
	a.ino = -1 // 0 in the trailer
	a.entry("TRAILER!!!", 0, 0, 0, 0)
	return a.err
}

// entry writes a header: a magic number, 13 fields of eight hexadecimal digits, and the name with a NUL.
func (a *archive) entry(name string, mode int, size int64, major, minor int) {
	a.ino++
	head := "070701"
	for _, v := range [...]int64{
		int64(a.ino), int64(mode), 0, 0, 1, 0, size, // inode, mode, user, group, links, time, size
		0, 0, int64(major), int64(minor), int64(len(name) + 1), 0, // device, that of a node, name, checksum
	} {
		head += fmt.Sprintf("%08X", v)
	}
	a.write([]byte(head + name + "\x00"))
	a.pad()
}

// pad fills up to a multiple of four, at which headers and contents begin.
func (a *archive) pad() { a.write(make([]byte, -a.size&3)) }

func (a *archive) write(p []byte) {
	if a.err != nil {
		return
	}
	n, err := a.w.Write(p)
	a.size += int64(n)
	a.fail(err)
}

func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}
