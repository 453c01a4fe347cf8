package proxyproto

import "encoding/binary"

// SSL is the value of a TypeSSL (section 2.2.6). It is a view, as TLVs is.
type SSL struct {
	// Client is a set of the flags below.
	Client SSLFlags

	// Verify is zero if the client presented a certificate and it was verified, and the proxy's reason why not otherwise. It is
	// the proxy's word for it, and zero alone is not enough: see Verified.
	Verify uint32

	// TLVs has the types that begin with TypeSSL, such as TypeSSLCipher.
	TLVs TLVs
}

// SSLFlags says what a client did (section 2.2.6).
type SSLFlags uint8

// The flags of section 2.2.6.
const (
	ClientSSL      SSLFlags = 0x01 // it connected over TLS
	ClientCertConn SSLFlags = 0x02 // it gave a certificate over this connection
	ClientCertSess SSLFlags = 0x04 // it gave a certificate at least once over this TLS session
)

// sslHead is the size of what precedes the TLVs inside of a TypeSSL.
const sslHead = 1 + 4

// SSL is what the proxy tells about TLS, and whether it tells.
func (t TLVs) SSL() (s SSL, ok bool) {
	value := t.Value(TypeSSL)
	if len(value) < sslHead {
		return SSL{}, false
	}
	return SSL{SSLFlags(value[0]), binary.BigEndian.Uint32(value[1:]), TLVs(value[sslHead:])}, true
}

// Verified tells whether the client gave a certificate, over this connection or an earlier one of its session, and the proxy
// found it valid.
func (s SSL) Verified() bool {
	return s.Client&ClientSSL != 0 && s.Client&(ClientCertConn|ClientCertSess) != 0 && s.Verify == 0
}

// Version is the version of TLS, such as "TLSv1.3", or nil.
func (s SSL) Version() []byte { return s.TLVs.Value(TypeSSLVersion) }

// CN is the common name in the certificate of the client, or nil. It means something only if the SSL is Verified.
func (s SSL) CN() []byte { return s.TLVs.Value(TypeSSLCN) }

// Cipher is the name of the cipher, such as "ECDHE-RSA-AES128-GCM-SHA256", or nil.
func (s SSL) Cipher() []byte { return s.TLVs.Value(TypeSSLCipher) }

// ClientCert is the certificate of the client in DER, or nil.
func (s SSL) ClientCert() []byte { return s.TLVs.Value(TypeSSLClientCert) }

// checkSSL is checkTLVs for the value of a TypeSSL.
func checkSSL(p []byte, size int) error {
	size -= sslHead
	if cut(size) {
		return errSSL
	}
	p = p[min(sslHead, len(p)):]
	for at := 0; at < size && len(p)-at >= tlvHead; {
		at += tlvHead + int(binary.BigEndian.Uint16(p[at+1:]))
		if cut(size - at) {
			return errSSL
		}
	}
	return nil
}
