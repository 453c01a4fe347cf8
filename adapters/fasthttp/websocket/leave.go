package websocket

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"reflect"
	"syscall"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// leaving is a hijacked connection on its way out of fasthttp.
type leaving struct {
	nc    net.Conn // what is used from now on
	early []byte   // what fasthttp has read behind the request
	// keeps says that fasthttp leaves nc alone when the hijack handler returns;
	// else it closes nc then.
	keeps bool
	// ours says that nc is ours to close.
	ours bool
	// lent is nc where fasthttp takes back what that is made of; else nil.
	lent *lent
}

// leave takes a hijacked connection out of fasthttp, whose RequestCtx, buffers and
// goroutine are given back when the hijack handler has returned. It then closes the
// connection too, unless Server.KeepHijackedConns is set, so a socket leaves as a
// copy of its descriptor. A TLS connection cannot be copied: it leaves only where
// it is kept, and costs the goroutine otherwise. A net.Conn of another kind may be
// anything: it stays as fasthttp hands it out, which is for no longer than the handler.
func leave(hijacked net.Conn) leaving {
	as, ok := hijacked.(interface{ UnsafeConn() net.Conn })
	if !ok {
		return leaving{nc: hijacked}
	}
	kept := keepsHijacked(hijacked)
	below := as.UnsafeConn()
	base := bare(below)
	switch base := base.(type) {
	case reactor.Held:
		if early, ok := unread(hijacked); ok {
			return leaving{nc: base.Leave(), early: early, keeps: true, ours: !kept}
		}
	case *tls.Conn:
		if early, ok := unread(hijacked); ok && kept {
			return leaving{nc: below, early: early, keeps: true} // it is counted until below is closed
		} else if ok {
			return leaving{nc: base, early: early, ours: true}
		}
	case *net.TCPConn, *net.UnixConn:
		early, ok := unread(hijacked)
		if !ok {
			break
		}
		if kept && base == below {
			return leaving{nc: base, early: early, keeps: true}
		}
		nc, err := twin(base.(syscall.Conn))
		switch {
		case err == nil && kept:
			_ = below.Close() // else it is counted for ever
			return leaving{nc: nc, early: early, keeps: true}
		case err == nil:
			return leaving{nc: nc, early: early, keeps: true, ours: true}
		case kept:
			return leaving{nc: below, early: early, keeps: true}
		}
		// No descriptor is left for the copy: the connection works where it is.
		return leaving{nc: base, early: early, ours: true}
	}
	if kept {
		return leaving{nc: hijacked, keeps: true}
	}
	l := &lent{Conn: below, from: hijacked}
	return leaving{nc: l, lent: l}
}

// bare finds the connection below fasthttp's wrapper for Server.MaxConnsPerIP,
// whose type is not exported and whose embedded Conn is.
func bare(nc net.Conn) net.Conn {
	v := reflect.ValueOf(nc)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct || v.Elem().Type().PkgPath() != "github.com/valyala/fasthttp" {
		return nc
	}
	if f := v.Elem().FieldByName("Conn"); f.IsValid() && f.CanInterface() {
		if below, ok := f.Interface().(net.Conn); ok && below != nil {
			return below
		}
	}
	return nc
}

// keepsHijacked tells whether fasthttp leaves the connection open when the hijack
// handler returns: Server.KeepHijackedConns, which is seen through the connection
// alone. A fasthttp where it is not found is taken to close.
func keepsHijacked(hijacked net.Conn) bool {
	v := reflect.ValueOf(hijacked)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return false
	}
	s := v.Elem().FieldByName("s")
	if s.Kind() != reflect.Pointer || s.IsNil() || s.Elem().Kind() != reflect.Struct {
		return false
	}
	keep := s.Elem().FieldByName("KeepHijackedConns")
	return keep.Kind() == reflect.Bool && keep.Bool()
}

// unread takes what fasthttp has read and not used. With a deadline that has passed
// its reader gives what it holds and then fails without asking the socket. It answers
// false where that is not what happened.
func unread(hijacked net.Conn) (early []byte, ok bool) {
	if hijacked.SetReadDeadline(time.Unix(1, 0)) != nil {
		return nil, false
	}
	room := borrow(defaultBufferSize) // nearly always for nothing
	defer room.release()
	for {
		n, err := hijacked.Read(room.b)
		early = append(early, room.b[:n]...)
		switch {
		case err == nil:
			continue
		case err == io.EOF: // the peer has gone; so will nc say
		case !os.IsTimeout(err):
			return nil, false
		}
		if hijacked.SetReadDeadline(time.Time{}) != nil {
			return nil, false
		}
		return early, true
	}
}
