package websocket

var (
	ParseExtensions  = parseExtensions
	AnswerDeflate    = answerDeflate
	ComputeAcceptKey = computeAcceptKey
	HostPortNoPort   = hostPortNoPort

	ErrInvalidCompression = errInvalidCompression
	ErrMalformedURL       = errMalformedURL
	ErrHeadTooLong        = errHeadTooLong
)

// Deflated tells whether permessage-deflate was agreed.
func (c *Conn) Deflated() bool { return c.deflated }
