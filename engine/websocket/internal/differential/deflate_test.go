package differential_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"sync"
)

// packing says what the opening handshake has agreed on.
type packing int

const (
	plain      packing = iota // no extension
	noTakeover                // permessage-deflate, each message by itself (RFC 7692 section 7.1.1)
	takeover                  // permessage-deflate, the window stays; gorilla does not know it
)

// terms is what is offered and answered (RFC 7692 section 7).
func (p packing) terms() []string {
	switch p {
	case noTakeover:
		return []string{"permessage-deflate; server_no_context_takeover; client_no_context_takeover"}
	case takeover:
		return []string{"permessage-deflate"}
	}
	return nil
}

const (
	// tail is what a sender leaves out and a receiver puts back (7.2.1, 7.2.2).
	tail = "\x00\x00\xff\xff"
	// final is an empty block that says that there is no further one.
	final = "\x01\x00\x00\xff\xff"
)

// inflate decompresses a message, or the beginning of one, as far as limit+1
// bytes. end is what is put behind it: tail and final for a whole message, since
// then only one that ends between two blocks comes to its end without an error.
// ends tells that it has final blocks of its own (7.2.3.4).
func inflate(payload, window []byte, end string, limit int64) (out []byte, ends bool, err error) {
	in := bytes.NewReader(append(bytes.Clone(payload), end...))
	for {
		r := readers.Get().(io.Reader)
		_ = r.(flate.Resetter).Reset(in, slide(window, out))
		piece, err := io.ReadAll(io.LimitReader(r, limit+1-int64(len(out))))
		readers.Put(r)
		out = append(out, piece...)
		if err != nil || int64(len(out)) > limit {
			return out, ends, err
		}
		if in.Len() == 0 {
			return out, ends || end != tail+final, nil
		}
		ends = true
		if in.Len() == len(end) {
			return out, ends, nil
		}
	}
}

// A reader takes longer to make than most messages to read.
var readers = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// corrupt tells an error that more bytes would not mend.
func corrupt(err error) bool {
	var bad flate.CorruptInputError
	return errors.As(err, &bad)
}

// slide is the window after more bytes: the last 32 KiB.
func slide(window, more []byte) []byte {
	all := append(bytes.Clone(window), more...)
	return all[max(0, len(all)-32768):]
}

// deflate compresses a message in one of many ways.
func deflate(p, window []byte, how byte) []byte {
	var b bytes.Buffer
	w := writer(&b, window, int(how%12)-2)
	half := len(p) / 2
	switch {
	case how >= 0xf8 && how < 0xfc: // a final block in between
		_, _ = w.Write(p[:half])
		_ = w.Close()
		window, p = slide(window, p[:half]), p[half:]
		w = writer(&b, window, int(how%12)-2)
	case how&0x10 != 0: // further blocks
		_, _ = w.Write(p[:half])
		_ = w.Flush()
		p = p[half:]
	}
	_, _ = w.Write(p)
	if how >= 0xfc { // a final block, and with it what 7.2.3.4 asks for or nothing
		_ = w.Close()
		return append(b.Bytes(), make([]byte, how&1)...)
	}
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(tail))
}

func writer(b *bytes.Buffer, window []byte, level int) *flate.Writer {
	w, err := flate.NewWriterDict(b, level, window)
	if err != nil {
		panic(err)
	}
	return w
}
