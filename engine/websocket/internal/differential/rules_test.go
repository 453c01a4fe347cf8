package differential_test

// A rule is a way in which a peer differs from the RFCs as the model reads them.
// A set of rules is their sum.
type rule uint32

const (
	textUnchecked rule = 1 << iota
	reasonUnchecked
	reason1002
	longLength
	overflowDropped
	sumDropped
	wholeHeader
	unmaskedDropped
	maskedAccepted
	lateLimit
	oneByteClose
	no1014
	rsv1Anywhere
	corruptDropped
	cutDeflate
	inflatedUnlimited
	inflatesEarly
	inflatesMasked
	piecewise
	emptyDropped
	finalEnds
	rulesEnd
)

// catalogue gives the reason for every rule. Each is as narrow as the model can
// tell: a peer must do what its rules say wherever they say it, and what the
// RFCs say everywhere else.
var catalogue = []struct {
	rule
	peers   []string
	section string // of RFC 6455, where nothing else is said
	reason  string
}{
	{
		textUnchecked,
		[]string{"gorilla", "coder"},
		"8.1, 5.6",
		"text is given to the application without looking whether it is UTF-8; ours fails with 1007",
	},
	{
		reasonUnchecked,
		[]string{"coder"},
		"5.5.1, 8.1",
		"the reason in a close frame may be anything, and is echoed; ours fails with 1007",
	},
	{
		reason1002,
		[]string{"gorilla"},
		"8.1, 7.4.1",
		"a close reason that is not UTF-8 is answered with 1002; 1007 is the code for data not consistent with its type",
	},
	{
		longLength,
		[]string{"gorilla", "coder"},
		"5.2",
		"a length that would have fitted in fewer bytes is accepted; ours fails with 1002. In control frames gorilla " +
			"refuses it all the same, since 126 and 127 are more than 125",
	},
	{
		overflowDropped,
		[]string{"gorilla", "coder"},
		"5.2, 7.1.7",
		"a length of 2^63 or more ends the connection without the close frame that an endpoint SHOULD send",
	},
	{
		sumDropped,
		[]string{"gorilla"},
		"7.4.1",
		"when the lengths of the fragments of a message add up to 2^63 or more the connection ends without a close frame; " +
			"to ours this is a message over the limit, 1009",
	},
	{
		wholeHeader,
		[]string{"coder"},
		"5.2",
		"a header is judged when all of it has arrived; ours and gorilla judge its first two bytes. Seen when the bytes " +
			"end inside a bad header; and a length of 2^63, which is judged first, hides the other faults of its frame",
	},
	{
		unmaskedDropped,
		[]string{"coder"},
		"5.1",
		"a server ends the connection without a close frame when a frame is not masked; the RFC says MAY send 1002",
	},
	{
		maskedAccepted,
		[]string{"coder"},
		"5.1",
		"a client takes masked frames from a server, which it MUST NOT; the payload of data frames stays masked",
	},
	{
		lateLimit,
		[]string{"coder"},
		"10.4",
		"the limit for messages is looked at when more bytes have arrived, not when more are announced, so 1009 comes later",
	},
	{
		oneByteClose,
		[]string{"gorilla"},
		"5.5.1",
		"a close frame with one byte, half a code, is taken for an empty one",
	},
	{
		no1014,
		[]string{"gorilla"},
		"7.4.2",
		"1014 (bad gateway), which IANA has registered since, is answered with 1002",
	},
	{
		rsv1Anywhere,
		[]string{"gorilla"},
		"RFC 7692, 6",
		"with compression, RSV1 is let through in continuations and control frames",
	},
	{
		corruptDropped,
		[]string{"gorilla", "coder"},
		"7.1.7, 7.4.1",
		"a compressed message that is corrupt ends the connection without a close frame; ours sends 1007",
	},
	{
		cutDeflate,
		[]string{"coder"},
		"RFC 7692, 7.2.2",
		"a compressed message that ends inside a block is given to the application as far as it goes. It may be " +
			"one byte over the limit then, depending on the buffers",
	},
	{
		inflatedUnlimited,
		[]string{"gorilla"},
		"10.4",
		"the limit is for the compressed message; what comes out of it has none",
	},
	{
		inflatesEarly,
		[]string{"gorilla", "coder"},
		"7.1.7",
		"a compressed message is inflated as it arrives, so that one which is corrupt or too big is seen before its end; " +
			"when exactly depends on their buffers",
	},
	{
		piecewise,
		[]string{"fragments"},
		"7.1.7, RFC 7692, 6.2",
		"ours with a FragmentHandler inflates a message as it arrives too, and fails with 1007 or 1009 before its end",
	},
	{
		inflatesMasked,
		[]string{"coder"},
		"5.3",
		"what has arrived of a compressed frame is inflated without being unmasked when the connection breaks inside it, and " +
			"may become a message",
	},
	{
		emptyDropped,
		[]string{"gorilla"},
		"RFC 7692, 7.2.2",
		"a compressed message without a byte is corrupt, as Go's flate sees it; ours takes it for empty, as zlib does",
	},
	{
		finalEnds,
		[]string{"gorilla", "coder"},
		"RFC 7692, 7.2.3.4",
		"a block with BFINAL set is taken for the end of the message. To gorilla the rest is lost, to coder it is the " +
			"beginning of the next compressed message, or of the next frame",
	},
}

// rulesOf sums up the rules of a peer. Ours has none.
func rulesOf(peer string) (set rule) {
	for _, c := range catalogue {
		for _, p := range c.peers {
			if p == peer {
				set |= c.rule
			}
		}
	}
	return set
}
