package proxyproto_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/proxyproto"
)

func TestTLVs(t *testing.T) {
	tlvs := proxyproto.TLVs(tlv(0x01, "h2") + tlv(0x02, "example.com") + tlv(0x02, "second") + tlv(0x04, "") + tlv(0x05, "id") +
		tlv(0x30, "blue") + tlv(0xea, "") + tlv(0xea, "\x02other") + tlv(0xea, "\x01vpce-08d2bf15fac5001c9"))
	for _, tt := range []struct{ section, got, want string }{
		{"2.2.1", string(tlvs.ALPN()), "h2"},
		{"2.2.2, the first", string(tlvs.Authority()), "example.com"},
		{"2.2.5", string(tlvs.UniqueID()), "id"},
		{"2.2.7", string(tlvs.NetNS()), "blue"},
		{"2.2.8", string(tlvs.AWSEndpoint()), "vpce-08d2bf15fac5001c9"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.section, tt.got, tt.want)
		}
	}
	if v := tlvs.Value(proxyproto.TypeNoop); v == nil || len(v) != 0 {
		t.Errorf("an empty value is %#v", v)
	}
	if v := tlvs.Value(proxyproto.TypeAzure); v != nil {
		t.Errorf("no value is %#v", v)
	}
	var none proxyproto.TLVs
	if none.ALPN() != nil || none.Authority() != nil || none.UniqueID() != nil || none.NetNS() != nil || none.AWSEndpoint() != nil {
		t.Error("no TLVs tell something")
	}
}

func TestEach(t *testing.T) {
	type one struct {
		Type  proxyproto.Type
		Value string
	}
	for _, tt := range []struct {
		name string
		in   string
		want []one
	}{
		{"none", "", nil},
		{"two", tlv(1, "a") + tlv(2, ""), []one{{1, "a"}, {2, ""}}},
		{"cut in the length", tlv(1, "a") + "\x02\x00", []one{{1, "a"}}},
		{"cut in the value", tlv(1, "a") + "\x02\x00\x02b", []one{{1, "a"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []one
			for typ, value := range proxyproto.TLVs(tt.in).Each {
				got = append(got, one{typ, string(value)})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for typ := range proxyproto.TLVs(tlv(1, "a") + tlv(2, "")).Each {
		if typ != 1 {
			t.Fatal("not stopped")
		}
		break
	}
}

func TestSSL(t *testing.T) {
	inner := tlv(0x21, "TLSv1.3") + tlv(0x22, "example.com") + tlv(0x23, "ECDHE-RSA-AES128-GCM-SHA256") + tlv(0x28, "\x30\x82")
	s, ok := proxyproto.TLVs(tlv(0x04, "") + tlv(0x20, "\x05\x00\x00\x01\x02"+inner)).SSL()
	want := proxyproto.SSL{
		Client: proxyproto.ClientSSL | proxyproto.ClientCertSess, Verify: 258, TLVs: proxyproto.TLVs(inner),
	}
	if diff := cmp.Diff(want, s); !ok || diff != "" {
		t.Errorf("%v %s", ok, diff)
	}
	for _, tt := range []struct{ name, got, want string }{
		{"version", string(s.Version()), "TLSv1.3"},
		{"CN", string(s.CN()), "example.com"},
		{"cipher", string(s.Cipher()), "ECDHE-RSA-AES128-GCM-SHA256"},
		{"certificate", string(s.ClientCert()), "\x30\x82"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	for _, in := range []string{"", tlv(0x04, ""), tlv(0x20, ""), tlv(0x20, "1234")} {
		if s, ok := proxyproto.TLVs(in).SSL(); ok || s.TLVs != nil {
			t.Errorf("%q: %+v", in, s)
		}
	}
}

// Section 2.2.6: "The <verify> field will be zero if the client presented a certificate and it was successfully verified, and
// non-zero otherwise." Zero without a certificate proves nothing.
func TestVerified(t *testing.T) {
	for _, tt := range []struct {
		name   string
		client proxyproto.SSLFlags
		verify uint32
		want   bool
	}{
		{"connection", proxyproto.ClientSSL | proxyproto.ClientCertConn, 0, true},
		{"session", proxyproto.ClientSSL | proxyproto.ClientCertSess, 0, true},
		{"both", proxyproto.ClientSSL | proxyproto.ClientCertConn | proxyproto.ClientCertSess, 0, true},
		{"no certificate", proxyproto.ClientSSL, 0, false},
		{"no TLS", proxyproto.ClientCertConn, 0, false},
		{"not valid", proxyproto.ClientSSL | proxyproto.ClientCertConn, 1, false},
	} {
		if got := (proxyproto.SSL{Client: tt.client, Verify: tt.verify}).Verified(); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
