package wsproto

import "bytes"

var (
	errHSHeadTooLong = &HandshakeError{431, "the head is too long"}
	errHSLineTooLong = &HandshakeError{414, "the first line is too long"}
	errHSManyFields  = &HandshakeError{431, "too many header fields"}
	errHSBareLF      = &HandshakeError{400, "a line ends without CR"}
	errHSFolding     = &HandshakeError{400, "a header field is folded"}
	errHSSpaceColon  = &HandshakeError{400, "whitespace between field name and colon"}
	errHSFieldName   = &HandshakeError{400, "invalid field name"}
	errHSFieldValue  = &HandshakeError{400, "invalid character in a field value"}
)

var hsLF = []byte{'\n'}

// hsScan looks for the end of the head at the start of p, and checks each line when it becomes whole: the first one with
// firstLine, the others as fields. A peer that breaks a rule hears of it at the end of the line at fault, and one that
// sends bare LFs does not wait for an empty line that will never come. What does not speak HTTP may never send
// a line end: start looks at the first bytes in each call.
//
// The bytes before from were scanned before, without error and without an end. Only lines that ended since are
// looked at, so a head costs the same however it is cut: the state is the number from, nothing else.
func hsScan(p []byte, lim Limits, from int, start, firstLine func([]byte) *HandshakeError) (n int, err *HandshakeError) {
	maxHead, maxFields := lim.hsMax()
	window := p[:min(len(p), maxHead)]
	from = min(max(from, 0), len(window))
	if err = start(window); err != nil {
		return 0, err
	}

	at, lines := 0, 0 // the line to look at next, and how many are before it
	if from > 0 {
		if window[from-1] != '\n' && bytes.IndexByte(window[from:], '\n') < 0 {
			return 0, hsOverflow(window, maxHead)
		}
		// Looking back costs at most one line for each line, counting at most one head for each line.
		at = bytes.LastIndexByte(window[:from], '\n') + 1
		lines = bytes.Count(window[:at], hsLF)
	}
	for at < len(window) {
		// Nothing but the empty line may follow the last field allowed.
		if lines > maxFields && window[at] != '\r' {
			return 0, errHSManyFields
		}
		i := bytes.IndexByte(window[at:], '\n')
		if i < 0 {
			break
		}
		// RFC 9112 section 2.2 lets a recipient take a bare LF for a line's end. We do not: two parties that
		// disagree on where a line ends can be played against each other.
		if i == 0 || window[at+i-1] != '\r' {
			return 0, errHSBareLF
		}
		line := window[at : at+i-1]
		at += i + 1
		switch {
		case lines == 0:
			err = firstLine(line)
		case len(line) == 0:
			return at, nil
		default:
			err = hsCheckField(line)
		}
		if err != nil {
			return 0, err
		}
		lines++
	}
	return 0, hsOverflow(window, maxHead)
}

// hsOverflow is called when window holds no whole head: an error as soon as no more bytes could make one.
func hsOverflow(window []byte, maxHead int) *HandshakeError {
	if len(window) < maxHead {
		return nil
	}
	if bytes.IndexByte(window, '\n') < 0 {
		return errHSLineTooLong // RFC 9112 section 3: a target longer than the server wishes to parse is 414
	}
	return errHSHeadTooLong // RFC 6585 section 5
}

// hsCheckField checks a field line without its CRLF: field-name ":" OWS field-value OWS, RFC 9112 section 5.
func hsCheckField[S hsText](line S) *HandshakeError {
	// RFC 9112 section 5.2: a server rejects obsolete folding with 400. It also covers whitespace between
	// the first line and the first field (section 2.2).
	if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
		return errHSFolding
	}
	i := 0
	for i < len(line) && hsClass[line[i]]&hsToken != 0 {
		i++
	}
	switch {
	case i < len(line) && (line[i] == ' ' || line[i] == '\t'):
		return errHSSpaceColon // RFC 9112 section 5.1: MUST be rejected with 400
	case i == 0 || i == len(line) || line[i] != ':':
		return errHSFieldName // RFC 9110 section 5.1: a field name is a token
	}
	// RFC 9110 section 5.5: CR, LF and NUL are dangerous in a value, the other controls are invalid.
	if !hsAll(line[i+1:], hsValue) {
		return errHSFieldValue
	}
	return nil
}
