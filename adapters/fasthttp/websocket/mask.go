package websocket

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// maskRand is where the masking keys of clients come from. Only tests change it, for keys that they know.
var maskRand io.Reader = keySource{}

// keySource is the generator of the runtime: ChaCha8 with a seed of the operating system, one for each thread. RFC 6455
// section 10.3 wants keys that cannot be foreseen by who chooses the payload.
type keySource struct{}

func (keySource) Read(p []byte) (int, error) {
	for b := p; len(b) > 0; {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], rand.Uint64())
		b = b[copy(b, word[:]):]
	}
	return len(p), nil
}

func newMaskKey() (key [4]byte) {
	if _, ok := maskRand.(keySource); ok {
		binary.LittleEndian.PutUint32(key[:], rand.Uint32())
		return key
	}
	k := make([]byte, len(key))
	_, _ = io.ReadFull(maskRand, k)
	return [4]byte(k)
}
