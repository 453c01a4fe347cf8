package proxyproto_test

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// A verdict is what an oracle says of some bytes.
type verdict int

const (
	open  verdict = iota // the header has not ended; it may be wrong already
	whole                // there is a header
	wrong                // there never will be one
	other                // it is no header of ours
)

// oracle reads a header with the slow tools of the standard library, when it is whole.
func oracle(p []byte, limit int) (h proxyproto.Header, n int, v verdict) {
	s := string(p)
	switch {
	case strings.HasPrefix("PROXY", s), strings.HasPrefix(signature, s):
		return h, 0, open
	case strings.HasPrefix(s, "PROXY"):
		return oracleV1(s)
	case strings.HasPrefix(s, signature):
		return oracleV2(s, limit)
	}
	return h, 0, other
}

var (
	unknownLine = regexp.MustCompile(`^PROXY UNKNOWN( [^\r\n]*)?$`)
	inetLine    = regexp.MustCompile(`^PROXY TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})$`)
)

func oracleV1(s string) (h proxyproto.Header, n int, v verdict) {
	line, _, found := strings.Cut(s[:min(len(s), 107)], "\r\n")
	if !found {
		if len(s) >= 107 {
			return h, 0, wrong
		}
		return h, 0, open
	}
	n = len(line) + 2
	h = proxyproto.Header{Version: 1, Command: proxyproto.Proxy}
	if unknownLine.MatchString(line) {
		return h, n, whole
	}
	field := inetLine.FindStringSubmatch(line)
	if field == nil {
		return proxyproto.Header{}, 0, wrong
	}
	source, err1 := netip.ParseAddr(field[2])
	destination, err2 := netip.ParseAddr(field[3])
	sourcePort, err3 := strconv.ParseUint(field[4], 10, 16)
	destinationPort, err4 := strconv.ParseUint(field[5], 10, 16)
	four := field[1] == "4"
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || source.Is4() != four || destination.Is4() != four {
		return proxyproto.Header{}, 0, wrong
	}
	h.Transport = proxyproto.TCP6
	if four {
		h.Transport = proxyproto.TCP4
	}
	h.Source = netip.AddrPortFrom(source, uint16(sourcePort))
	h.Destination = netip.AddrPortFrom(destination, uint16(destinationPort))
	return h, n, whole
}

// blockSizes are those of section 2.2.
var blockSizes = map[byte]int{0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}

func oracleV2(s string, limit int) (h proxyproto.Header, n int, v verdict) {
	if len(s) < 16 {
		return h, 0, open
	}
	isProxy := s[12] == 0x21
	size, known := blockSizes[s[13]]
	length := int(s[14])<<8 | int(s[15])
	if !isProxy && s[12] != 0x20 || isProxy && (!known || size > length) || length > limit {
		return h, 0, wrong
	}
	n = 16 + length
	if len(s) < n {
		return h, 0, open
	}
	s = s[:n]
	h = proxyproto.Header{Version: 2, Command: proxyproto.Local}
	if isProxy {
		h.Command, h.Transport = proxyproto.Proxy, proxyproto.Transport(s[13])
	}
	if known && size <= length {
		if ok, summed := oracleTLVs(s, 16+size); ok && summed {
			h.TLVs = proxyproto.TLVs(s[16+size:])
		} else if ok || h.Transport != proxyproto.Unspec {
			return proxyproto.Header{}, 0, wrong
		}
	}
	if h.Transport == proxyproto.Unspec {
		return h, n, whole
	}
	b := s[16 : 16+size]
	if size == 216 {
		h.SourcePath, h.DestinationPath = oraclePath(b[:108]), oraclePath(b[108:])
		return h, n, whole
	}
	half := (size - 4) / 2
	at := func(from string, port string) netip.AddrPort {
		a, _ := netip.AddrFromSlice([]byte(from))
		return netip.AddrPortFrom(a, uint16(port[0])<<8|uint16(port[1]))
	}
	h.Source, h.Destination = at(b[:half], b[2*half:]), at(b[half:2*half], b[2*half+2:])
	return h, n, whole
}

func oraclePath(s string) []byte {
	if s[0] == 0 {
		return []byte(strings.TrimRight(s, "\x00"))
	}
	before, _, _ := strings.Cut(s, "\x00")
	return []byte(before)
}

// oracleTLVs tells whether what begins at s[at] is well-formed, and whether a checksum there is right for all of s.
func oracleTLVs(s string, at int) (ok, summed bool) {
	summed = true
	checksums := 0
	for at < len(s) {
		typ, value, next := oracleTLV(s, at)
		switch {
		case next < 0:
			return false, false
		case typ == 0x05 && len(value) > 128:
			return false, false
		case typ == 0x03:
			if checksums++; len(value) != 4 || checksums > 1 {
				return false, false
			}
			zeroed := s[:at+3] + "\x00\x00\x00\x00" + s[at+7:]
			sum := crc32.Checksum([]byte(zeroed), crc32.MakeTable(crc32.Castagnoli))
			summed = sum == binary.BigEndian.Uint32([]byte(value))
		case typ == 0x20:
			if len(value) < 5 {
				return false, false
			}
			for inner := 5; inner < len(value); {
				if _, _, inner = oracleTLV(value, inner); inner < 0 {
					return false, false
				}
			}
		}
		at = next
	}
	return true, summed
}

// oracleTLV gives a TLV and where the next begins, which is negative if there is none.
func oracleTLV(s string, at int) (typ byte, value string, next int) {
	if len(s) < at+3 {
		return 0, "", -1
	}
	next = at + 3 + int(s[at+1])<<8 + int(s[at+2])
	if next > len(s) {
		return 0, "", -1
	}
	return s[at], s[at+3 : next], next
}
