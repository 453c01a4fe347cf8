package proxyproto

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// earlyTLVs is how many bytes of TLVs are judged before the header is whole. Section 2 has headers end before 536 bytes.
const earlyTLVs = 512

// parseV2 reads a header of section 2.2 whose signature is right as far as it goes. n == 0 with a nil error is an incomplete one.
func (h *Header) parseV2(p []byte, limit int) (n int, err error) {
	at := len(signature2)
	if len(p) <= at {
		return 0, nil
	}
	// "it must always be sent as \x2 and the receiver must only accept this value"
	if p[at]>>4 != 2 {
		return 0, errVersion
	}
	// "Receivers must drop connections presenting unexpected values here."
	h.Version, h.Command = 2, Command(p[at]&0x0f)
	if h.Command > Proxy {
		return 0, errCommand
	}
	if len(p) <= at+1 {
		return 0, nil
	}
	t := Transport(p[at+1])
	block := t.size()
	if h.Command == Proxy {
		switch {
		case block < 0: // "must be rejected as invalid by receivers"
			return 0, errTransport
		case block > limit:
			return 0, errLongBlock
		}
		h.Transport = t
	}
	length := 0
	switch {
	case len(p) == HeadSize-1:
		length = int(p[HeadSize-2]) << 8
	case len(p) >= HeadSize:
		length = int(binary.BigEndian.Uint16(p[HeadSize-2:]))
	}
	if length > limit {
		return 0, errLongBlock
	}
	if len(p) < HeadSize {
		return 0, nil
	}
	return h.parseBlock(p, HeadSize+length, block)
}

// parseBlock reads what follows the head of a header that ends at p[end], and has an address block of that many bytes.
func (h *Header) parseBlock(p []byte, end, block int) (n int, err error) {
	tlvs := HeadSize + block
	// The receiver of a LOCAL command must "discard the protocol block including the family which is ignored", and that of UNSPEC
	// "should ignore address information". What these have is no fault, then, and TLVs only if it makes sense as such.
	lenient := h.Transport == Unspec
	if lenient {
		if len(p) < end {
			return 0, nil
		}
		if block < 0 || tlvs > end {
			return end, nil
		}
	} else if tlvs > end {
		return 0, errShort
	}
	// "The receiver must not start to parse an address before the whole address block is received." TLVs are told to be wrong
	// from their types and lengths as these arrive, but far into a long header: looking at all of them again for each byte of a
	// slow peer would take quadratic time.
	seen := end
	if len(p) < end {
		seen = min(len(p), tlvs+earlyTLVs)
	}
	checksum, err := checkTLVs(p[min(tlvs, seen):seen], end-tlvs)
	switch {
	case err != nil && lenient:
		return end, nil
	case err != nil:
		return 0, err
	case len(p) < end:
		return 0, nil
	}
	if checksum >= 0 && !checkCRC32C(p[:end], tlvs+checksum) {
		return 0, ErrChecksum
	}
	h.parseAddresses(p[HeadSize:tlvs])
	h.TLVs = TLVs(p[tlvs:end:end])
	return end, nil
}

// parseAddresses reads a block of the size that the transport has.
func (h *Header) parseAddresses(b []byte) {
	switch h.Transport {
	case TCP4, UDP4:
		h.Source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[8:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:])), binary.BigEndian.Uint16(b[10:]))
	case TCP6, UDP6:
		h.Source = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)), binary.BigEndian.Uint16(b[32:]))
		h.Destination = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[16:])), binary.BigEndian.Uint16(b[34:]))
	case UnixStream, UnixDgram:
		h.SourcePath, h.DestinationPath = trimPath(b[:sizePath]), trimPath(b[sizePath:])
	}
}

// trimPath takes off what a sun_path holds after the address: a path ends with the first zero, as the kernel reads it, and an
// abstract address, which begins with one, with the last byte that is none.
func trimPath(b []byte) []byte {
	end := bytes.IndexByte(b, 0)
	switch {
	case end < 0:
		end = len(b)
	case end == 0:
		for end = len(b); end > 0 && b[end-1] == 0; end-- {
		}
	}
	return b[:end:end]
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	noChecksum [crc32.Size]byte
)

// crc32c is the checksum of a header whose checksum field is at p[at:]. Section 2.2.3: "replace the 32 bits of the checksum field
// in the received PROXY header with all '0's and calculate a CRC32c checksum value of the whole PROXY header".
func crc32c(p []byte, at int) uint32 {
	sum := crc32.Update(0, castagnoli, p[:at])
	sum = crc32.Update(sum, castagnoli, noChecksum[:])
	return crc32.Update(sum, castagnoli, p[at+len(noChecksum):])
}

func checkCRC32C(p []byte, at int) bool { return crc32c(p, at) == binary.BigEndian.Uint32(p[at:]) }
