package wsproto

import (
	"encoding/binary"
	"math/bits"

	"github.com/gobwas/ws"
)

// cipherMin is the length in bytes from which ws.Cipher, which has vector
// instructions, beats eight bytes at a time (BenchmarkMask).
const cipherMin = 192

// Mask masks p in place, or unmasks it, which is the same (RFC 6455 section
// 5.3). pos is where p starts in the payload, in bytes, so that a payload can
// be masked in pieces.
func Mask(p []byte, key [4]byte, pos int) {
	xorKey(p, turnKey(binary.LittleEndian.Uint32(key[:]), pos))
}

// turnKey is the key for a piece that starts n bytes later. Keys are held as
// little-endian words: the lowest byte meets the first byte of the piece.
func turnKey(key uint32, n int) uint32 {
	return bits.RotateLeft32(key, -8*(n&3))
}

// xorKey masks p, whose first byte meets the lowest byte of key.
func xorKey(p []byte, key uint32) {
	if len(p) >= cipherMin {
		// Whole blocks only: ws.Cipher goes byte by byte over the rest, and a
		// multiple of four leaves the key as it was.
		var k [4]byte
		binary.LittleEndian.PutUint32(k[:], key)
		n := len(p) &^ 15
		ws.Cipher(p[:n], k, 0)
		p = p[n:]
	}
	wide := uint64(key)<<32 | uint64(key)
	for len(p) >= 32 {
		q := p[:32]
		xor64(q[0:8], wide)
		xor64(q[8:16], wide)
		xor64(q[16:24], wide)
		xor64(q[24:32], wide)
		p = p[32:]
	}
	for len(p) >= 8 {
		xor64(p, wide)
		p = p[8:]
	}
	if len(p) >= 4 {
		binary.LittleEndian.PutUint32(p, binary.LittleEndian.Uint32(p)^key)
		p = p[4:]
	}
	if len(p) >= 2 {
		binary.LittleEndian.PutUint16(p, binary.LittleEndian.Uint16(p)^uint16(key))
		p = p[2:]
		key >>= 16
	}
	if len(p) == 1 {
		p[0] ^= byte(key)
	}
}

func xor64(p []byte, wide uint64) {
	binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
}
