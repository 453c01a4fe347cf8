package wsproto

import "bytes"

// Cookie returns the value of the first cookie of that name (RFC 6265 section 5.4), over all Cookie fields, without the
// double quotes that may stand around it (section 4.1.1). What has no '=' has no name. It is nil when there is no such cookie, and empty
// but not nil when it has no value. Nothing is decoded: what a value means is between the server and itself.
func (r *Request) Cookie(name string) (value []byte) {
	if name == "" {
		return nil
	}
	r.EachValue("Cookie", func(pairs []byte) bool {
		for len(pairs) > 0 && value == nil {
			pair := pairs
			if i := bytes.IndexByte(pairs, ';'); i >= 0 {
				pair, pairs = pairs[:i], pairs[i+1:]
			} else {
				pairs = nil
			}
			i := bytes.IndexByte(pair, '=')
			if i >= 0 && string(hsTrim(pair[:i])) == name {
				value = hsUnquote(hsTrim(pair[i+1:]))
			}
		}
		return value == nil
	})
	return value
}

func hsUnquote(v []byte) []byte {
	if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
		return v[1 : n-1]
	}
	return v
}
