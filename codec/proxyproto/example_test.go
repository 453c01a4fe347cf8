package proxyproto_test

import (
	"fmt"
	"net/netip"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

func ExampleParse() {
	p := []byte("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n")
	for _, arrived := range [][]byte{p[:20], p} {
		h, n, err := proxyproto.Parse(arrived, 0)
		switch {
		case err != nil:
			fmt.Println("close:", err)
		case n == 0:
			fmt.Println("wait for more")
		case h.Transport == proxyproto.Unspec:
			fmt.Println("the addresses of the socket")
		default:
			fmt.Printf("%v for %v, which says %q\n", h.Source, h.Destination, arrived[n:])
		}
	}
	// Output:
	// wait for more
	// 192.168.0.1:56324 for 192.168.0.11:443, which says "GET / HTTP/1.1\r\n"
}

func ExampleAppend() {
	tlvs, err := proxyproto.AppendTLV(nil, proxyproto.TypeAuthority, []byte("example.com"))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := proxyproto.Append(nil, &proxyproto.Header{
		Version:     2,
		Command:     proxyproto.Proxy,
		Transport:   proxyproto.TCP6,
		Source:      netip.MustParseAddrPort("[2001:db8::1]:56324"),
		Destination: netip.MustParseAddrPort("[2001:db8::2]:443"),
		TLVs:        proxyproto.AppendCRC32C(tlvs),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	h, n, err := proxyproto.Parse(p, 0)
	fmt.Printf("%d bytes: %v over %v, host %s, %v\n", n, h.Source, h.Transport, h.TLVs.Authority(), err)
	// Output:
	// 73 bytes: [2001:db8::1]:56324 over TCP6, host example.com, <nil>
}
