package proxyproto

import (
	"encoding/binary"
	"hash/crc32"
	"net/netip"
	"strconv"
)

// What Append cannot say.
var (
	errNoVersion   = &detail{ErrInvalidHeader, "version is not 1 or 2"}
	errLocal       = &detail{ErrInvalidHeader, "LOCAL with a transport, or in version 1"}
	errV1Transport = &detail{ErrInvalidHeader, "version 1 knows only TCP4, TCP6 and UNKNOWN"}
	errV1TLVs      = &detail{ErrInvalidHeader, "version 1 has no TLVs"}
	errNoCommand   = &detail{ErrInvalidHeader, "unknown command"}
	errNoTransport = &detail{ErrInvalidHeader, "unknown transport"}
	errAddress     = &detail{ErrInvalidHeader, "address is not of the transport's family"}
	errPath        = &detail{ErrInvalidHeader, "unix address does not fit"}
	errTLVs        = &detail{ErrInvalidHeader, "TLVs are malformed"}
	errLongTLVs    = &detail{ErrInvalidHeader, "TLVs do not fit"}
)

// Append appends h to dst in the version that it names, such that Parse, without a limit, gives h back. If h cannot be said so it
// returns dst as it was and an error that wraps ErrInvalidHeader: no field is left out silently, but the addresses that
// the Transport does not have. h must not have views of the spare capacity of dst.
//
// If TLVs has a TypeCRC32C, whatever its value, the right checksum is written in its place: see AppendCRC32C. In version 2 the
// longest header is 16 + 65535 bytes; section 2 counts on less than 537, so that it arrives in one segment.
func Append(dst []byte, h *Header) ([]byte, error) {
	switch {
	case h.Version != 1 && h.Version != 2:
		return dst, errNoVersion
	case h.Command > Proxy:
		return dst, errNoCommand
	case h.Command == Local && (h.Transport != Unspec || h.Version == 1):
		return dst, errLocal
	case h.Transport.size() < 0:
		return dst, errNoTransport
	}
	if err := h.checkAddresses(); err != nil {
		return dst, err
	}
	if h.Version == 1 {
		return h.appendV1(dst)
	}
	return h.appendV2(dst)
}

// checkAddresses tells whether there are addresses of the transport's family.
func (h *Header) checkAddresses() error {
	switch h.Transport {
	case TCP4, UDP4:
		if !h.Source.Addr().Is4() || !h.Destination.Addr().Is4() {
			return errAddress
		}
	case TCP6, UDP6:
		for _, a := range [...]netip.Addr{h.Source.Addr(), h.Destination.Addr()} {
			if !a.Is6() || a.Zone() != "" {
				return errAddress
			}
		}
	case UnixStream, UnixDgram:
		if !fits(h.SourcePath) || !fits(h.DestinationPath) {
			return errPath
		}
	}
	return nil
}

// fits tells whether path survives a block that is filled up with zeros.
func fits(path []byte) bool {
	if len(path) > sizePath {
		return false
	}
	var b [sizePath]byte
	copy(b[:], path)
	return len(trimPath(b[:])) == len(path)
}

func (h *Header) appendV1(dst []byte) ([]byte, error) {
	switch {
	case len(h.TLVs) > 0:
		return dst, errV1TLVs
	case h.Transport == Unspec:
		return append(dst, signature1+" "+nameUnknown+"\r\n"...), nil
	case h.Transport == TCP4:
		dst = append(dst, signature1+" "+nameTCP4...)
	case h.Transport == TCP6:
		dst = append(dst, signature1+" "+nameTCP6...)
	default:
		return dst, errV1Transport
	}
	dst = append(appendAddr(dst, h.Source.Addr()), ' ')
	dst = append(appendAddr(dst, h.Destination.Addr()), ' ')
	dst = append(strconv.AppendUint(dst, uint64(h.Source.Port()), 10), ' ')
	dst = strconv.AppendUint(dst, uint64(h.Destination.Port()), 10)
	return append(dst, '\r', '\n'), nil
}

// appendAddr writes an IPv6 address with colons only: the grammar of section 2.1 has no other form, though netip, as many a
// proxy, writes a mapped address with dots.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if !a.Is4In6() {
		return a.AppendTo(dst)
	}
	b := a.As16()
	dst = append(dst, "::ffff:"...)
	dst = strconv.AppendUint(dst, uint64(binary.BigEndian.Uint16(b[12:])), 16)
	return strconv.AppendUint(append(dst, ':'), uint64(binary.BigEndian.Uint16(b[14:])), 16)
}

func (h *Header) appendV2(dst []byte) ([]byte, error) {
	checksum, err := checkTLVs(h.TLVs, len(h.TLVs))
	if err != nil {
		return dst, errTLVs
	}
	size := h.Transport.size()
	length := size + len(h.TLVs)
	if length > maxLength {
		return dst, errLongTLVs
	}
	start := len(dst)
	dst = append(dst, signature2...)
	dst = append(dst, 2<<4|byte(h.Command), byte(h.Transport), byte(length>>8), byte(length))
	dst = h.appendAddresses(dst)
	tlvs := len(dst) - start
	dst = append(dst, h.TLVs...)
	if checksum >= 0 {
		p := dst[start:]
		binary.BigEndian.PutUint32(p[tlvs+checksum:], crc32c(p, tlvs+checksum))
	}
	return dst, nil
}

// appendAddresses writes the address block of section 2.2.
func (h *Header) appendAddresses(dst []byte) []byte {
	switch h.Transport {
	case Unspec:
		return dst
	case UnixStream, UnixDgram:
		return appendPath(appendPath(dst, h.SourcePath), h.DestinationPath)
	case TCP4, UDP4:
		source, destination := h.Source.Addr().As4(), h.Destination.Addr().As4()
		dst = append(append(dst, source[:]...), destination[:]...)
	default:
		source, destination := h.Source.Addr().As16(), h.Destination.Addr().As16()
		dst = append(append(dst, source[:]...), destination[:]...)
	}
	dst = binary.BigEndian.AppendUint16(dst, h.Source.Port())
	return binary.BigEndian.AppendUint16(dst, h.Destination.Port())
}

func appendPath(dst, path []byte) []byte {
	var zeros [sizePath]byte
	dst = append(dst, path...)
	return append(dst, zeros[len(path):]...)
}

// AppendTLV appends a TLV to t. A value of more than 65535 bytes returns t as it was and an error that wraps ErrInvalidHeader;
// nothing else is checked, and Append refuses what Parse would.
func AppendTLV(t TLVs, typ Type, value []byte) (TLVs, error) {
	if len(value) > maxLength {
		return t, errLongTLVs
	}
	t = append(t, byte(typ), byte(len(value)>>8), byte(len(value)))
	return append(t, value...), nil
}

// AppendCRC32C appends the place for a checksum to t: Append then fills it in (section 2.2.3).
func AppendCRC32C(t TLVs) TLVs {
	return append(t, byte(TypeCRC32C), 0, crc32.Size, 0, 0, 0, 0)
}

// AppendSSL appends s as a TypeSSL to t (section 2.2.6), under the conditions of AppendTLV. A sender that sets ClientSSL must put a
// TypeSSLVersion into the TLVs of s.
func AppendSSL(t TLVs, s SSL) (TLVs, error) {
	length := sslHead + len(s.TLVs)
	if length > maxLength {
		return t, errLongTLVs
	}
	t = append(t, byte(TypeSSL), byte(length>>8), byte(length), byte(s.Client))
	t = binary.BigEndian.AppendUint32(t, s.Verify)
	return append(t, s.TLVs...), nil
}
