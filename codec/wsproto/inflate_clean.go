package wsproto

import (
	"io"

	"github.com/klauspost/compress/flate"
)

// inflateClean is a message of no bytes that leaves known tables behind, in one block with a code of its own (RFC 1951
// section 3.2.7): of the literals only the end of the block has a code, and of the distances only the largest.
//
// flate.Reader (klauspost/compress v1.20.3) does not clear its tables for a code without symbols, which a block may have
// as long as it does not use it. A block that does is decoded with the table from before, which after Reset is
// that of another message, perhaps of another connection. compress/flate and zlib refuse such a block. With this
// before each message a message means the same whatever was before, although some that are corrupt pass.
var inflateClean = []byte("\x05\xdd\x81\x00\x00\x00\x00\x00\x90\xff\x6b\x25\x00")

// inflateForget has r forget the tables of earlier messages. one is room for one byte that is not written.
func inflateForget(r io.ReadCloser, src flate.Reader, one []byte) {
	_ = r.(flate.Resetter).Reset(src, nil)
	if n, err := r.Read(one); n != 0 || err != io.EOF {
		panic("wsproto: Inflater: the clean block is not clean")
	}
}
