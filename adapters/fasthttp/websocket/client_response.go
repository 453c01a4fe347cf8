package websocket

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
)

// maxResponseHead is the most bytes up to the end of a response's head, with those of
// interim responses before it; and, beyond that, the most that its body may take.
const maxResponseHead = 64 << 10

// responseReader reads the response to one request, and no more of it than
// maxResponseHead.
type responseReader struct {
	from io.Reader
	left int
	br   *bufio.Reader
	err  error // why there is no more, but for io.EOF
}

func newResponseReader(from io.Reader) *responseReader {
	r := &responseReader{from: from, left: maxResponseHead}
	r.br = bufio.NewReader(r)
	return r
}

// Read is for the bufio.Reader.
func (r *responseReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.err = errHeadTooLong
		return 0, r.err
	}
	n, err := r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	if err != io.EOF {
		r.err = err
	}
	return n, err
}

// read returns the first response that is not an interim one. RFC 9110 section 15.2: "A
// client MUST be able to parse one or more 1xx responses received prior to a final
// response, even if the client does not expect one."
func (r *responseReader) read(req *http.Request, trace *httptrace.ClientTrace) (*http.Response, error) {
	if trace != nil && trace.GotFirstResponseByte != nil {
		if _, err := r.br.Peek(1); err == nil {
			trace.GotFirstResponseByte()
		}
	}
	for {
		resp, err := http.ReadResponse(r.br, req)
		if err != nil {
			if r.err != nil { // a line that was cut off is none that is malformed
				err = r.err
			}
			return nil, err
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			r.left = maxResponseHead
			return resp, nil
		}
		if trace != nil && trace.Got1xxResponse != nil {
			if err := trace.Got1xxResponse(resp.StatusCode, textproto.MIMEHeader(resp.Header)); err != nil {
				return nil, err
			}
		}
	}
}

// rest is what was read behind the head.
func (r *responseReader) rest() []byte { return buffered(r.br) }
