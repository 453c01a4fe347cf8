package engine

import (
	"net"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/panjf2000/gnet/v2"
)

// gnet keeps, for every connection, both addresses in the net package's form,
// the peer's once more as a socket address, and a boxed copy of its context:
// about 200 B and 6 objects that we never ask for (16 B of address are in Conn).
// trim forgets them, where the layout of gnet's connection is the one that was
// read; with any other layout nothing is touched and memory is all that is
// lost. The first three fields are plain, written by gnet before OnOpen and on
// the loop; the fourth is an atomic pointer.
//
// There is a second reason: on close gnet gives the zone of an IPv6 address,
// which belongs to package net and is shared, to a pool of byte slices that are
// written to later. An address that is forgotten has no zone.
type trimOffsets struct {
	ok                          bool
	remote, local, peer, safely uintptr
}

var trimmed atomic.Pointer[trimOffsets]

func trim(gc gnet.Conn) {
	o := trimmed.Load()
	if o == nil {
		o = findTrimOffsets(reflect.TypeOf(gc))
		trimmed.Store(o)
	}
	if !o.ok {
		return
	}
	p := reflect.ValueOf(gc).UnsafePointer()
	*(*any)(unsafe.Add(p, o.remote)) = nil
	*(*any)(unsafe.Add(p, o.local)) = nil
	*(*any)(unsafe.Add(p, o.peer)) = nil
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Add(p, o.safely)), nil)
}

// findTrimOffsets looks the fields up by name and type. An interface with
// methods is nil in the same two words as one without.
func findTrimOffsets(t reflect.Type) *trimOffsets {
	o := &trimOffsets{}
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return o
	}
	addr := reflect.TypeFor[net.Addr]()
	remote, ok1 := t.Elem().FieldByName("remote")
	local, ok2 := t.Elem().FieldByName("localAddr")
	peer, ok3 := t.Elem().FieldByName("remoteAddr")
	safely, ok4 := t.Elem().FieldByName("safeCtx")
	o.ok = ok1 && ok2 && ok3 && ok4 &&
		remote.Type.Kind() == reflect.Interface && remote.Type.Name() == "Sockaddr" &&
		local.Type == addr && peer.Type == addr &&
		safely.Type == reflect.TypeFor[atomic.Pointer[any]]()
	o.remote, o.local, o.peer, o.safely = remote.Offset, local.Offset, peer.Offset, safely.Offset
	return o
}
