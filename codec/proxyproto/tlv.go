package proxyproto

import "encoding/binary"

// Type says what a TLV tells (section 2.2).
type Type uint8

// The types of section 2.2, and those that cloud providers chose from the range for applications.
const (
	TypeALPN      Type = 0x01
	TypeAuthority Type = 0x02
	TypeCRC32C    Type = 0x03
	TypeNoop      Type = 0x04
	TypeUniqueID  Type = 0x05
	TypeSSL       Type = 0x20
	TypeNetNS     Type = 0x30

	TypeGCP   Type = 0xe0 // Private Service Connect: 8 bytes of connection ID, in network order
	TypeAWS   Type = 0xea // a subtype, and what it says: see TLVs.AWSEndpoint
	TypeAzure Type = 0xee // Private Link: a subtype of 1, and 4 bytes of link ID, in little endian
)

// The types inside a TypeSSL (section 2.2).
const (
	TypeSSLVersion    Type = 0x21
	TypeSSLCN         Type = 0x22
	TypeSSLCipher     Type = 0x23
	TypeSSLSigAlg     Type = 0x24
	TypeSSLKeyAlg     Type = 0x25
	TypeSSLGroup      Type = 0x26
	TypeSSLSigScheme  Type = 0x27
	TypeSSLClientCert Type = 0x28
)

// The ranges of section 2.2.8.
const (
	TypeMinCustom     Type = 0xe0 // for applications
	TypeMaxCustom     Type = 0xef
	TypeMinExperiment Type = 0xf0
	TypeMaxExperiment Type = 0xf7
	TypeMinFuture     Type = 0xf8
	TypeMaxFuture     Type = 0xff
)

// MaxUniqueID is the most bytes that a TypeUniqueID may have (section 2.2.5).
const MaxUniqueID = 128

// awsEndpoint is the subtype of TypeAWS with the ID of a VPC endpoint.
const awsEndpoint = 0x01

// tlvHead is the size of the type and length of a TLV.
const tlvHead = 3

// TLVs are type-length-value triples as they are on the wire. Those from Parse are well-formed and a view of the bytes parsed; a
// value is a view of the TLVs. Nothing is known about what is in a value, unless the method that gives it says so: strings may
// hold anything.
//
// A type should be there once at most. If it is there more often, a method that gives one value gives the first.
type TLVs []byte

// Each calls yield with each type and its value, which may be empty, in the order of the wire until yield returns false. It is
// meant for a range statement: for typ, value := range t.Each. TypeNoop and TypeCRC32C are among them. TLVs that are not
// well-formed end where they stop to be.
func (t TLVs) Each(yield func(typ Type, value []byte) bool) {
	for len(t) >= tlvHead {
		end := tlvHead + int(binary.BigEndian.Uint16(t[1:]))
		if end > len(t) || !yield(Type(t[0]), t[tlvHead:end:end]) {
			return
		}
		t = t[end:]
	}
}

// Value is the value of the first TLV of this type: nil if there is none, and not nil if there is one and it is empty.
func (t TLVs) Value(typ Type) []byte {
	for have, value := range t.Each {
		if have == typ {
			return value
		}
	}
	return nil
}

// ALPN is the protocol that was negotiated above the transport, such as "h2", or nil (section 2.2.1).
func (t TLVs) ALPN() []byte { return t.Value(TypeALPN) }

// Authority is the host name that the client asked for, with TLS its SNI, or nil (section 2.2.2).
func (t TLVs) Authority() []byte { return t.Value(TypeAuthority) }

// UniqueID names the connection across proxies, or is nil (section 2.2.5). It is at most MaxUniqueID bytes.
func (t TLVs) UniqueID() []byte { return t.Value(TypeUniqueID) }

// NetNS is the name of the network namespace, or nil (section 2.2.7).
func (t TLVs) NetNS() []byte { return t.Value(TypeNetNS) }

// AWSEndpoint is the ID of the VPC endpoint through which a client of AWS came, such as "vpce-08d2bf15fac5001c9", or nil.
func (t TLVs) AWSEndpoint() []byte {
	for typ, value := range t.Each {
		if typ == TypeAWS && len(value) > 0 && value[0] == awsEndpoint {
			return value[1:]
		}
	}
	return nil
}

// checkTLVs looks at the TLVs, size bytes of which p has arrived, and tells where the value of the checksum begins; negative if
// there is none. It fails if whatever follows p cannot make them well-formed.
func checkTLVs(p []byte, size int) (checksum int, err error) {
	checksum = -1
	if cut(size) {
		return -1, errTLV
	}
	for at := 0; at < size && len(p)-at >= tlvHead; {
		typ, length := Type(p[at]), int(binary.BigEndian.Uint16(p[at+1:]))
		at += tlvHead
		switch {
		case cut(size - at - length):
			return -1, errTLV
		case typ == TypeCRC32C && length != len(noChecksum):
			return -1, errCRC32CSize
		case typ == TypeCRC32C && checksum >= 0:
			return -1, errCRC32CTwice
		case typ == TypeCRC32C:
			checksum = at
		case typ == TypeUniqueID && length > MaxUniqueID:
			return -1, errUniqueID
		case typ == TypeSSL:
			if err := checkSSL(p[min(at, len(p)):min(at+length, len(p))], length); err != nil {
				return -1, err
			}
		}
		at += length
	}
	return checksum, nil
}

// cut tells whether no TLVs are of n bytes together.
func cut(n int) bool { return n < 0 || n > 0 && n < tlvHead }
