package differential_test

// unpack decompresses a message.
func (m model) unpack(msg, window []byte) (out []byte, ends bool, e ending) {
	limit := m.limit
	if m.differs(inflatedUnlimited) {
		limit = 1 << 40
	}
	if len(msg) == 0 && !m.differs(emptyDropped|cutDeflate) {
		return nil, false, 0 // zlib takes it, and some who use zlib send it
	}
	out, ends, err := inflate(msg, window, tail+final, limit+1)
	if err != nil && m.differs(cutDeflate) {
		out, ends, err = inflate(msg, window, tail, limit+1)
		if limit++; !corrupt(err) {
			err = nil
		}
	}
	switch {
	case int64(len(out)) > limit:
		return out, ends, 1009
	case err == nil:
		return out, ends, 0
	case m.differs(corruptDropped):
		return out, ends, dropped
	}
	// RFC 7692 has no code for it; 1007 is for "data within a message that was not
	// consistent with the type of the message" (RFC 6455 section 7.4.1).
	return out, ends, 1007
}

// faults are the codes for what is wrong with a compressed message, or with the
// beginning of one. Of two faults either may be seen first, as far as a window
// goes.
func (m model) faults(msg, window []byte, end string, text bool) (list []ending) {
	if len(msg) == 0 {
		return nil
	}
	out, _, err := inflate(msg, window, end, m.limit+1<<16)
	if int64(len(out)) > m.limit {
		list = append(list, 1009)
	}
	if corrupt(err) || err != nil && end != "" || text && !couldBeText(out, end != "") {
		list = append(list, 1007)
	}
	return list
}
