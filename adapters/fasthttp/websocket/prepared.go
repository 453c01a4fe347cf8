package websocket

import (
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// PreparedMessage is a message that is written to many connections, and is made into frames, compressed too, only once for all
// that are alike. It is safe for concurrent use.
type PreparedMessage struct {
	messageType int
	data        []byte
	mu          sync.Mutex
	frames      map[preparedKey]*preparedFrames
}

type preparedKey struct {
	isServer, compress bool
	how                squeeze
}

type preparedFrames struct {
	once sync.Once
	p    []byte
}

// NewPreparedMessage makes a message of data, which is copied.
func NewPreparedMessage(messageType int, data []byte) (*PreparedMessage, error) {
	switch {
	case !isControl(messageType) && !isData(messageType):
		return nil, errBadWriteOpCode
	case isControl(messageType) && len(data) > maxControlPayload:
		return nil, errInvalidControlFrame
	}
	pm := &PreparedMessage{messageType: messageType, frames: make(map[preparedKey]*preparedFrames)}
	plain := &preparedFrames{p: wsproto.AppendFrame(nil, wsproto.OpCode(messageType), data)}
	plain.once.Do(func() {})
	pm.data = plain.p[len(plain.p)-len(data):]
	pm.frames[preparedKey{isServer: true}] = plain
	return pm, nil
}

func (pm *PreparedMessage) encoded(key preparedKey) []byte {
	pm.mu.Lock()
	f := pm.frames[key]
	if f == nil {
		f = new(preparedFrames)
		pm.frames[key] = f
	}
	pm.mu.Unlock()
	f.once.Do(func() { f.p = pm.encode(key) })
	return f.p
}

// encode is what WriteMessage writes on a connection with write buffers of the default size.
func (pm *PreparedMessage) encode(key preparedKey) (frames []byte) {
	data := pm.data
	h := wsproto.Header{Fin: true, OpCode: wsproto.OpCode(pm.messageType)}
	if key.compress {
		z := borrowDeflated()
		defer z.release()
		h.Rsv, data = rsv1, z.whole(key.how, data)
	}
	if key.isServer {
		h.Length = int64(len(data))
		return append(wsproto.AppendHeader(frames, h), data...)
	}
	for {
		n := min(len(data), defaultBufferSize)
		h.Fin, h.Length = n == len(data), int64(n)
		h.Masked, h.Mask = true, newMaskKey()
		frames = append(wsproto.AppendHeader(frames, h), data[:n]...)
		wsproto.Mask(frames[len(frames)-n:], h.Mask, 0)
		if h.Fin {
			return frames
		}
		data, h.OpCode, h.Rsv = data[n:], wsproto.OpContinuation, 0
	}
}

// WritePreparedMessage writes a message as WriteMessage does, but that it goes before the one of a writer which has not
// written a frame yet. Any goroutine may call it.
func (c *Conn) WritePreparedMessage(pm *PreparedMessage) error {
	if c == nil {
		return ErrNilConn
	}
	key := preparedKey{isServer: c.isServer}
	if how, ok := c.compression(pm.messageType); ok {
		key.compress, key.how = true, how
	}
	out := shells.Get().(*buffer)
	out.frames, out.deadline, out.closing = pm.encoded(key), c.writeDeadline(), pm.messageType == CloseMessage
	c.message.Lock()
	if w := c.writer; w != nil && w.op == wsproto.OpContinuation && isData(pm.messageType) {
		_ = w.close() // or this would come into the midst of a message
	}
	err := c.send(out)
	c.message.Unlock()
	out.release()
	return err
}
