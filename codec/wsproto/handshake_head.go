package wsproto

import "bytes"

// Head gives access to the header fields of a parsed Request or Response. It keeps no index: it walks the lines, which
// have been checked before. All bytes it hands out are views into the bytes given to Parse, live as
// long as those, and must not be modified. Its methods do not allocate, and any goroutine may call them as long as
// none calls Parse.
type Head struct {
	lines []byte // the field lines, each with its CRLF
}

// Header returns the value of the first field of that name, whatever its case, without the whitespace around it.
// It is nil when there is no such field, and empty but not nil when the field has no value.
func (h *Head) Header(name string) (value []byte) {
	h.EachValue(name, func(v []byte) bool {
		value = v
		return false
	})
	return value
}

// EachHeader calls yield with every field, in the order received, until it returns false.
// It can be ranged over: for name, value := range r.EachHeader.
func (h *Head) EachHeader(yield func(name, value []byte) bool) {
	for rest := h.lines; len(rest) > 0; {
		var name, value []byte
		name, value, rest = hsNextField(rest)
		if !yield(name, value) {
			return
		}
	}
}

// EachValue calls yield with the value of every field of that name, in the order received, until it returns false.
func (h *Head) EachValue(name string, yield func(value []byte) bool) {
	h.EachHeader(func(n, v []byte) bool { return !hsFold(n, name) || yield(v) })
}

// EachElement calls yield with every element of a list, which may be spread over several fields of that name
// (RFC 9110 section 5.3), until it returns false. Empty elements are left out. It is meant for lists of tokens:
// it also cuts at a comma within quotes.
func (h *Head) EachElement(name string, yield func(element []byte) bool) {
	h.EachValue(name, func(v []byte) bool { return hsEachElement(v, yield) })
}

// hsNextField cuts the first of the checked field lines.
func hsNextField(lines []byte) (name, value, rest []byte) {
	end := bytes.IndexByte(lines, '\n')
	line := lines[:end-1]
	colon := bytes.IndexByte(line, ':')
	return line[:colon], hsTrim(line[colon+1:]), lines[end+1:]
}

// hsEachElement walks one value as a list, RFC 9110 section 5.6.1.2: a recipient ignores empty elements.
// It tells whether to go on.
func hsEachElement(value []byte, yield func(element []byte) bool) bool {
	for len(value) > 0 {
		element := value
		if i := bytes.IndexByte(value, ','); i >= 0 {
			element, value = value[:i], value[i+1:]
		} else {
			value = nil
		}
		if element = hsTrim(element); len(element) > 0 && !yield(element) {
			return false
		}
	}
	return true
}

// hsHasElement tells whether value, as a list, has the element.
func hsHasElement(value []byte, element string) bool {
	return !hsEachElement(value, func(e []byte) bool { return string(e) != element })
}
