package websocket

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
)

var jsonBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// WriteJSON writes v as a text message of JSON, which ends with a newline. A v that is not JSON is an error of json.Marshal, and
// nothing is written. Any goroutine may call it.
func (c *Conn) WriteJSON(v interface{}) error {
	if c == nil {
		return ErrNilConn
	}
	if err := c.lock.failed(); err != nil {
		return err
	}
	b := jsonBuffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxKept {
			b.Reset()
			jsonBuffers.Put(b)
		}
	}()
	if err := json.NewEncoder(b).Encode(v); err != nil {
		return err
	}
	return c.WriteMessage(TextMessage, b.Bytes())
}

// ReadJSON reads the next message into v. What follows the first value of it is left out. An empty message is
// io.ErrUnexpectedEOF. Errors of JSON are not permanent.
func (c *Conn) ReadJSON(v interface{}) error {
	_, r, err := c.NextReader()
	if err != nil {
		return err
	}
	if err := json.NewDecoder(r).Decode(v); err != io.EOF {
		return err
	}
	return io.ErrUnexpectedEOF
}

// WriteJSON is c.WriteJSON.
//
// Deprecated: use the method.
func WriteJSON(c *Conn, v interface{}) error { return c.WriteJSON(v) }

// ReadJSON is c.ReadJSON.
//
// Deprecated: use the method.
func ReadJSON(c *Conn, v interface{}) error { return c.ReadJSON(v) }
