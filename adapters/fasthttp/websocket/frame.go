package websocket

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// The first byte of a frame, RFC 6455 section 5.2.
const (
	finBit  = 0x80
	rsv1Bit = 0x40
	rsv2Bit = 0x20
	rsv3Bit = 0x10
	opBits  = 0x0f

	maskBit    = 0x80 // of the second
	lengthBits = 0x7f

	continuation = 0
)

// writeWait is how long an answer to a frame, or to a violation, may take.
const writeWait = time.Second

// advance goes on to the next frame. A control frame has been handled when it returns; the payload of a data frame is to be
// read with payload.
func (c *Conn) advance() (frameType int, err error) {
	if err := c.skip(); err != nil {
		return noFrame, err
	}
	if err := c.need(2); err != nil {
		return noFrame, err
	}
	if faults := c.faults(c.early[0], c.early[1]); faults != "" {
		return noFrame, c.refuse(CloseProtocolError, faults)
	}
	frameType = int(c.early[0] & opBits)
	h, err := c.header()
	if err != nil {
		return noFrame, err
	}
	c.mask, c.maskPos = h.Mask, 0
	if isControl(frameType) {
		return frameType, c.control(frameType, int(h.Length))
	}
	c.remaining, c.inside = h.Length, !h.Fin
	if frameType != continuation {
		c.compressed, c.text = h.Rsv != 0, frameType == TextMessage
		c.utf8.Reset()
	}
	c.readLength += h.Length
	if c.readLength < 0 || c.readLimit > 0 && c.readLength > c.readLimit {
		return noFrame, c.tooBig()
	}
	return frameType, nil
}

// skip leaves out what has not been read of the frame.
func (c *Conn) skip() error {
	for c.remaining > 0 {
		if len(c.early) == 0 {
			if err := c.fill(); err != nil {
				return err
			}
		}
		n := min(int64(len(c.early)), c.remaining)
		c.early = c.early[n:]
		c.remaining -= n
	}
	return nil
}

// faults names all that is wrong with the first two bytes of a frame, for those who look for the reason.
func (c *Conn) faults(b0, b1 byte) string {
	frameType := int(b0 & opBits)
	data := isData(frameType)
	if b0&(rsv1Bit|rsv2Bit|rsv3Bit) == 0 && (b1&maskBit != 0) == c.isServer {
		// The frames that nearly all are.
		if data && !c.inside || frameType == continuation && c.inside {
			return ""
		}
	}
	var faults []string
	add := func(fault bool, text string) {
		if fault {
			faults = append(faults, text)
		}
	}
	// RFC 7692 section 6: the first frame of a data message has RSV1, and no other.
	add(b0&rsv1Bit != 0 && !(c.deflated && data), "RSV1 set")
	add(b0&rsv2Bit != 0, "RSV2 set")
	add(b0&rsv3Bit != 0, "RSV3 set")
	switch {
	case isControl(frameType):
		// RFC 6455 section 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT
		// be fragmented."
		add(b1&lengthBits > maxControlPayload, "len > 125 for control")
		add(b0&finBit == 0, "FIN not set on control")
	case data:
		add(c.inside, "data before FIN")
	case frameType == continuation:
		add(!c.inside, "continuation after FIN")
	default:
		add(true, "bad opcode "+strconv.Itoa(frameType))
	}
	// RFC 6455 section 5.1: a server closes on a frame that is not masked, a client on one that is.
	add((b1&maskBit != 0) != c.isServer, "bad MASK")
	return strings.Join(faults, ", ")
}

// header reads the header, of which two bytes are there.
func (c *Conn) header() (wsproto.Header, error) {
	for {
		h, n, err := wsproto.ParseHeader(c.early)
		switch {
		case err == wsproto.ErrLengthOverflow:
			return h, ErrReadLimit
		case err != nil:
			return h, c.refuse(CloseProtocolError, "length not minimal")
		case n > 0:
			c.early = c.early[n:]
			return h, nil
		}
		if err := c.need(len(c.early) + 1); err != nil {
			return h, err
		}
	}
}

// refuse tells the peer why the connection ends, if that can still be told, and makes the error of it.
func (c *Conn) refuse(code int, reason string) error {
	p := FormatCloseMessage(code, reason)
	_ = c.WriteControl(CloseMessage, p[:min(len(p), maxControlPayload)], time.Now().Add(writeWait))
	return errors.New("websocket: " + reason)
}

// tooBig refuses a message.
func (c *Conn) tooBig() error {
	if c.readLength >= 0 {
		_ = c.refuse(CloseMessageTooBig, "")
	}
	return ErrReadLimit
}
