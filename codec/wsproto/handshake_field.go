package wsproto

import (
	"bytes"
	"errors"
)

var (
	errHSAppendName     = errors.New("wsproto: the name of a header field is not a token")
	errHSAppendValue    = errors.New("wsproto: the value of a header field holds a control character")
	errHSAppendReserved = errors.New("wsproto: a header field that the response sets itself")
)

// AppendField appends a header field as one line. A name that is not a token, or a value with CR, LF or another control
// character, is an error and leaves dst as it was: a value that comes from outside cannot add a line of its own or end
// the head (response splitting). The functions that take field lines as bytes want them made by AppendField.
func AppendField(dst []byte, name, value string) ([]byte, error) {
	if !hsIsToken(name) {
		return dst, errHSAppendName
	}
	if !hsAll(value, hsValue) {
		return dst, errHSAppendValue
	}
	return hsAppendField(dst, name, value), nil
}

func hsAppendField[S hsText](dst []byte, name string, value S) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// hsCheckLines tells what is wrong with lines as a block of field lines of the application: a broken line, or a field
// that the message sets itself. The answer is empty when all is well.
func hsCheckLines(lines []byte, reserved []string) string {
	for len(lines) > 0 {
		end := bytes.IndexByte(lines, '\n')
		if end < 1 || lines[end-1] != '\r' || hsCheckField(lines[:end-1]) != nil {
			return "the header lines were not made by AppendField"
		}
		var name []byte
		name, _, lines = hsNextField(lines)
		for _, r := range reserved {
			if hsFold(name, r) {
				return "the header lines may not set " + r
			}
		}
	}
	return ""
}

func hsIsReserved[S hsText](name S, reserved []string) bool {
	for _, r := range reserved {
		if hsFold(name, r) {
			return true
		}
	}
	return false
}
