package wsproto

// hsText is what the checks of this half work on: bytes of a peer, or strings of the application.
type hsText interface{ ~string | ~[]byte }

// The character classes of a head, as bits of hsClass.
const (
	hsToken  uint8 = 1 << iota // tchar, RFC 9110 section 5.6.2
	hsValue                    // field-vchar, SP and HTAB, RFC 9110 section 5.5
	hsTarget                   // what a request-target may hold
	hsHost                     // unreserved and sub-delims, RFC 3986 section 3.2.2
	hsBase64                   // RFC 4648 section 4, without the padding
	hsHex
	hsDigit
)

var hsClass = func() (t [256]uint8) {
	set := func(bits uint8, chars string) {
		for i := 0; i < len(chars); i++ {
			t[chars[i]] |= bits
		}
	}
	for c := 0x21; c <= 0x7e; c++ {
		t[c] |= hsValue | hsTarget
	}
	for c := 0x80; c <= 0xff; c++ {
		t[c] |= hsValue // obs-text
	}
	set(hsValue, " \t")
	for c := byte('a'); c <= 'z'; c++ {
		t[c] |= hsToken | hsHost | hsBase64
		t[c-'a'+'A'] |= hsToken | hsHost | hsBase64
	}
	set(hsToken|hsHost|hsBase64|hsHex|hsDigit, "0123456789")
	set(hsHex, "abcdefABCDEF")
	set(hsToken, "!#$%&'*+-.^_`|~")
	set(hsHost, "-._~!$&'()*+,;=")
	set(hsBase64, "+/")
	// A target carries no fragment: RFC 9112 section 3.2, and RFC 6455 section 3 for ws URIs. The other characters that
	// RFC 3986 excludes, such as '|' and '{', are let through because browsers send them in queries.
	t['#'] &^= hsTarget
	return t
}()

// hsAll tells whether every byte of s is of the class; true for an empty s.
func hsAll[S hsText](s S, class uint8) bool {
	for i := 0; i < len(s); i++ {
		if hsClass[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

func hsIsToken[S hsText](s S) bool { return len(s) > 0 && hsAll(s, hsToken) }

// hsFold compares without regard to case, in ASCII: names of fields (RFC 9110 section 5.1) and of protocols.
// strings.EqualFold would also match the Kelvin sign with k.
func hsFold[A, B hsText](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if a[i] != b[i] && hsLower(a[i]) != hsLower(b[i]) {
			return false
		}
	}
	return true
}

func hsLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// hsTrim cuts the optional whitespace around a value, RFC 9110 section 5.6.3.
func hsTrim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
