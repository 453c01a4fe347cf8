package wsproto_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func TestDeflateOffers(t *testing.T) {
	t.Parallel()
	type d = wsproto.Deflate
	for _, tt := range []struct {
		values []string
		want   []d
	}{
		{nil, nil},
		{[]string{"", " , "}, nil},
		{[]string{"foo; permessage-deflate"}, nil},
		{[]string{"foo, PerMessage-Deflate ; client_max_window_bits"}, []d{{ClientBits: 15}}},
		{
			[]string{`permessage-deflate; server_max_window_bits="9", permessage-deflate; x, permessage-deflate`, "permessage-deflate; client_no_context_takeover"},
			[]d{{ServerBits: 9}, {}, {ClientNoTakeover: true}},
		},
	} {
		got := slices.Collect(wsproto.DeflateOffers(tt.values))
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%q (-want +got)\n%s", tt.values, d)
		}
		for first := range wsproto.DeflateOffers(tt.values) { // and the first of them is what SelectDeflate takes
			if want, ok := selectDeflate(t, d{}, tt.values...); !ok || want.ServerBits != first.ServerBits {
				t.Errorf("%q: first %+v, SelectDeflate answers %+v", tt.values, first, want)
			}
			break
		}
	}
}

func TestCheckDeflate(t *testing.T) {
	t.Parallel()
	offer := &wsproto.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}
	for _, tt := range []struct {
		offer  *wsproto.Deflate
		values []string
		ok     bool
		err    string
	}{
		{offer, nil, false, ""},
		{offer, []string{""}, false, ""},
		{offer, []string{"permessage-deflate; server_no_context_takeover"}, true, ""},
		{offer, []string{"permessage-deflate"}, false, "the server's permessage-deflate is not what was offered"},
		{offer, []string{"foo"}, false, "the server uses an extension that was not offered"},
		{nil, []string{"permessage-deflate"}, false, "the server uses an extension that was not offered"},
		{offer, []string{"", ""}, false, "a field of the server's handshake is repeated"},
	} {
		agreed, ok, err := wsproto.CheckDeflate(tt.values, tt.offer)
		var bad *wsproto.HandshakeError
		if errors.As(err, &bad) != (tt.err != "") || bad != nil && bad.Reason != tt.err {
			t.Errorf("%q: %v, want %q", tt.values, err, tt.err)
		}
		if ok != tt.ok || ok && agreed != *offer || !ok && agreed != (wsproto.Deflate{}) {
			t.Errorf("%q: %+v, %t", tt.values, agreed, ok)
		}
	}
}
