package differential_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	pires "github.com/pires/go-proxyproto"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

// An outcome is what was made of some bytes, in a form in which the same is equal.
type outcome struct {
	n    int // size of the header; 0: none, and all else is zero
	head proxyproto.Header
	tlvs []string // head has none
	bad  bool     // it took the TLVs and cannot read them
}

func (o outcome) equal(other outcome) bool {
	return fmt.Sprint(o) == fmt.Sprint(other)
}

func (o outcome) String() string {
	return fmt.Sprintf("%d bytes, version %d, %v, %v, %v to %v, %q to %q, TLVs %q, bad %v", o.n, o.head.Version, o.head.Command, o.head.Transport,
		o.head.Source, o.head.Destination, o.head.SourcePath, o.head.DestinationPath, o.tlvs, o.bad)
}

func tlvText(typ byte, value []byte) string { return fmt.Sprintf("%#x %q", typ, value) }

// limit is theirs.
var limit = int(pires.MaxV2HeaderSize)

func ours(p []byte) (outcome, error) {
	h, n, err := proxyproto.Parse(p, limit)
	return outcomeOf(h, n), err
}

func outcomeOf(h proxyproto.Header, n int) outcome {
	o := outcome{n: n, head: h}
	for typ, value := range h.TLVs.Each {
		o.tlvs = append(o.tlvs, tlvText(byte(typ), value))
	}
	o.head.TLVs = nil
	return o
}

func theirs(t testing.TB, p []byte) (outcome, error) {
	h, rest, err := pires.ParseUDPDatagram(slices.Clone(p))
	if err != nil {
		return outcome{}, err
	}
	o := outcome{n: len(p) - len(rest)}
	o.head.Version = h.Version
	o.head.Command = proxyproto.Command(h.Command & 0x0f)
	o.head.Transport = proxyproto.Transport(h.TransportProtocol)
	o.head.Source, o.head.SourcePath = address(t, h.SourceAddr)
	o.head.Destination, o.head.DestinationPath = address(t, h.DestinationAddr)
	tlvs, err := h.TLVs()
	o.bad = err != nil
	for _, one := range tlvs {
		o.tlvs = append(o.tlvs, tlvText(byte(one.Type), one.Value))
	}
	return o, nil
}

func address(t testing.TB, a net.Addr) (netip.AddrPort, []byte) {
	t.Helper()
	at := func(ip net.IP, port int) netip.AddrPort {
		addr, ok := netip.AddrFromSlice(ip)
		if !ok {
			t.Fatalf("address %v", a)
		}
		return netip.AddrPortFrom(addr, uint16(port))
	}
	switch a := a.(type) {
	case nil:
	case *net.TCPAddr:
		return at(a.IP, a.Port), nil
	case *net.UDPAddr:
		return at(a.IP, a.Port), nil
	case *net.UnixAddr:
		return netip.AddrPort{}, []byte(a.Name)
	default:
		t.Fatalf("address %T", a)
	}
	return netip.AddrPort{}, nil
}

// written is a header as they write it.
func written(h *proxyproto.Header) ([]byte, error) {
	command := pires.PROXY
	if h.Command == proxyproto.Local {
		command = pires.LOCAL
	}
	their := &pires.Header{Version: h.Version, Command: command, TransportProtocol: pires.AddressFamilyAndProtocol(h.Transport)}
	switch h.Transport {
	case proxyproto.TCP4, proxyproto.TCP6:
		their.SourceAddr, their.DestinationAddr = net.TCPAddrFromAddrPort(h.Source), net.TCPAddrFromAddrPort(h.Destination)
	case proxyproto.UDP4, proxyproto.UDP6:
		their.SourceAddr, their.DestinationAddr = net.UDPAddrFromAddrPort(h.Source), net.UDPAddrFromAddrPort(h.Destination)
	case proxyproto.UnixStream, proxyproto.UnixDgram:
		network := map[proxyproto.Transport]string{proxyproto.UnixStream: "unix", proxyproto.UnixDgram: "unixgram"}[h.Transport]
		their.SourceAddr = &net.UnixAddr{Net: network, Name: string(h.SourcePath)}
		their.DestinationAddr = &net.UnixAddr{Net: network, Name: string(h.DestinationPath)}
	}
	var tlvs []pires.TLV
	for typ, value := range h.TLVs.Each {
		tlvs = append(tlvs, pires.TLV{Type: pires.PP2Type(typ), Value: value})
	}
	if err := their.SetTLVs(tlvs); err != nil {
		return nil, err
	}
	return their.Format()
}
