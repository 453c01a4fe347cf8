package wsproto_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// extensionLines are the field lines of these values. Their names differ in case, so that hsReplace keeps them all.
func extensionLines(values []string) (lines []string) {
	const name = "sec-websocket-extensions"
	for i, v := range values {
		lines = append(lines, strings.ToUpper(name[:i])+name[i:]+": "+v)
	}
	return lines
}

func selectDeflate(t testing.TB, want wsproto.Deflate, values ...string) (wsproto.Deflate, bool) {
	t.Helper()
	var r wsproto.Request
	p := []byte(hsUpgrade(extensionLines(values)...))
	if n, err := r.Parse(p, wsproto.Limits{}, 0); n != len(p) || err != nil {
		t.Fatalf("Parse(%q) = %d, %v", p, n, err)
	}
	return r.SelectDeflate(want)
}

// Well-formed offers, and what a server answers that wants nothing for itself.
func TestSelectDeflateOffers(t *testing.T) {
	t.Parallel()
	type d = wsproto.Deflate
	tests := []struct {
		values []string
		want   d
	}{
		{[]string{"permessage-deflate"}, d{}},
		{[]string{"Permessage-Deflate"}, d{}},
		{[]string{"permessage-deflate; client_max_window_bits"}, d{}},
		{[]string{"permessage-deflate; client_max_window_bits=15"}, d{}},
		{[]string{"permessage-deflate; client_max_window_bits=12"}, d{ClientBits: 12}},
		{[]string{"permessage-deflate; client_max_window_bits=8"}, d{ClientBits: 8}},
		{[]string{"permessage-deflate; server_max_window_bits=15"}, d{ServerBits: 15}},
		{[]string{"permessage-deflate; server_max_window_bits=14"}, d{ServerBits: 14}},
		{[]string{"permessage-deflate; server_max_window_bits=9"}, d{ServerBits: 9}},
		{[]string{"permessage-deflate; server_max_window_bits=8"}, d{ServerBits: 8}},
		{[]string{"permessage-deflate; server_no_context_takeover"}, d{ServerNoTakeover: true}},
		{[]string{"permessage-deflate; client_no_context_takeover"}, d{ClientNoTakeover: true}},
		{
			[]string{"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11"},
			d{true, true, 10, 11},
		},
		{
			[]string{"permessage-deflate;client_max_window_bits=11;server_max_window_bits=10;client_no_context_takeover;server_no_context_takeover"},
			d{true, true, 10, 11},
		},
		{[]string{"permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER"}, d{ServerNoTakeover: true}},
		{[]string{`permessage-deflate; server_max_window_bits="10"`}, d{ServerBits: 10}},
		{[]string{`permessage-deflate; server_max_window_bits="1\0"`}, d{ServerBits: 10}},
		{[]string{`permessage-deflate; server_max_window_bits="\9"`}, d{ServerBits: 9}},
		{[]string{"\tpermessage-deflate ; \t server_max_window_bits = 10 \t"}, d{ServerBits: 10}},

		// Several offers: the first good one counts.
		{[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, d{ServerBits: 10}},
		{[]string{"permessage-deflate, permessage-deflate; server_max_window_bits=10"}, d{}},
		{[]string{"permessage-deflate; server_max_window_bits=10", "permessage-deflate"}, d{ServerBits: 10}},
		{[]string{"permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=11"}, d{ServerBits: 11}},
		{[]string{"permessage-deflate; x, permessage-deflate; y", "permessage-deflate; z", "permessage-deflate; server_no_context_takeover"}, d{ServerNoTakeover: true}},
		{[]string{"x-webkit-deflate-frame, permessage-deflate; client_max_window_bits"}, d{}},
		{[]string{"permessage-bzip2; level=9", "", ",, ,permessage-deflate,"}, d{}},
		{[]string{"permessage-deflate; x=\"a, b; c\", permessage-deflate"}, d{}},
		{[]string{"foo; x=\"a, permessage-deflate; y, \\\" b\", permessage-deflate; server_max_window_bits=10"}, d{ServerBits: 10}},
		{[]string{"foo; x=\"unterminated, permessage-deflate", "permessage-deflate; server_max_window_bits=10"}, d{ServerBits: 10}},
		{[]string{"\xff\xfe; ;;=, = ,\\, permessage-deflate"}, d{}},
	}
	for _, tt := range tests {
		got, ok := selectDeflate(t, wsproto.Deflate{}, tt.values...)
		if !ok || got != tt.want {
			t.Errorf("%q: %+v, %t; want %+v", tt.values, got, ok, tt.want)
		}
		if want, ok := oracleSelectDeflate(tt.values, wsproto.Deflate{}); !ok || want != tt.want {
			t.Errorf("%q: the oracle says %+v, %t", tt.values, want, ok)
		}
	}
}

func TestSelectDeflateDeclined(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		nil,
		{""},
		{","},
		{"x-webkit-deflate-frame"},
		{"permessage-deflate2"},
		{"permessage"},
		{"deflate"},
		{"permessage-deflate=1"},
		{"permessage-deflate; x"},
		{"permessage-deflate; x=y"},
		{"permessage-deflate;"},
		{"permessage-deflate; ;server_no_context_takeover"},
		{"permessage-deflate server_no_context_takeover"},
		{`"permessage-deflate"`},
		{"permessage-deflate; server_no_context_takeover=1"},
		{"permessage-deflate; server_no_context_takeover="},
		{"permessage-deflate; server_no_context_takeover=true"},
		{"permessage-deflate; client_no_context_takeover=\"\""},
		{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"},
		{"permessage-deflate; client_no_context_takeover; CLIENT_NO_CONTEXT_TAKEOVER"},
		{"permessage-deflate; server_max_window_bits"},
		{"permessage-deflate; server_max_window_bits="},
		{"permessage-deflate; server_max_window_bits=7"},
		{"permessage-deflate; server_max_window_bits=16"},
		{"permessage-deflate; server_max_window_bits=07"},
		{"permessage-deflate; server_max_window_bits=08"},
		{"permessage-deflate; server_max_window_bits=010"},
		{"permessage-deflate; server_max_window_bits=1"},
		{"permessage-deflate; server_max_window_bits=0"},
		{"permessage-deflate; server_max_window_bits=-8"},
		{"permessage-deflate; server_max_window_bits=+8"},
		{"permessage-deflate; server_max_window_bits=8.0"},
		{"permessage-deflate; server_max_window_bits=0x8"},
		{"permessage-deflate; server_max_window_bits=264"},
		{"permessage-deflate; server_max_window_bits=1 0"},
		{"permessage-deflate; server_max_window_bits=10=10"},
		{"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10"},
		{"permessage-deflate; server_max_window_bits=\"10"},
		{"permessage-deflate; server_max_window_bits=10\""},
		{"permessage-deflate; server_max_window_bits=\"10\\\""},
		{"permessage-deflate; server_max_window_bits=\"1\"0\""},
		{"permessage-deflate; server_max_window_bits=\"10\"0"},
		{"permessage-deflate; server_max_window_bits=\" 10\""},
		{"permessage-deflate; server_max_window_bits=\"\""},
		{"permessage-deflate; server_max_window_bits=\""},
		{"permessage-deflate; server_max_window_bits='10'"},
		{"permessage-deflate; client_max_window_bits="},
		{"permessage-deflate; client_max_window_bits=7"},
		{"permessage-deflate; client_max_window_bits=16"},
		{"permessage-deflate; client_max_window_bits=08"},
		{"permessage-deflate; client_max_window_bits; client_max_window_bits=10"},
		{"foo; x=\"permessage-deflate, permessage-deflate\""},
		{"foo; x=\"unterminated, permessage-deflate"},
	}
	for _, values := range tests {
		if got, ok := selectDeflate(t, wsproto.Deflate{}, values...); ok {
			t.Errorf("%q: %+v", values, got)
		}
		if got, ok := oracleSelectDeflate(values, wsproto.Deflate{}); ok {
			t.Errorf("%q: the oracle says %+v", values, got)
		}
	}
}

// What the server wants, and what comes of it.
func TestSelectDeflateWant(t *testing.T) {
	t.Parallel()
	type d = wsproto.Deflate
	tests := []struct {
		name             string
		want, offer, get d
	}{
		{"both without takeover", d{true, true, 0, 0}, d{}, d{true, true, 0, 0}},
		{"either", d{true, false, 0, 0}, d{false, true, 0, 0}, d{true, true, 0, 0}},
		{"a smaller window of its own", d{ServerBits: 10}, d{}, d{ServerBits: 10}},
		{"the smaller of two", d{ServerBits: 10}, d{ServerBits: 12}, d{ServerBits: 10}},
		{"the smaller of two, the client's", d{ServerBits: 12}, d{ServerBits: 10}, d{ServerBits: 10}},
		{"15 need not be said", d{ServerBits: 15, ClientBits: 15}, d{}, d{}},
		{"15 must be repeated", d{}, d{ServerBits: 15}, d{ServerBits: 15}},
		{"a smaller window of the client", d{ClientBits: 10}, d{ClientBits: 15}, d{ClientBits: 10}},
		{"smaller still", d{ClientBits: 10}, d{ClientBits: 9}, d{ClientBits: 9}},
		{"less small", d{ClientBits: 10}, d{ClientBits: 12}, d{ClientBits: 10}},
		{"a client that cannot", d{ClientBits: 10}, d{}, d{ClientNoTakeover: true}},
		{"a client that cannot and need not", d{ClientBits: 15}, d{}, d{}},
	}
	for _, tt := range tests {
		value := string(wsproto.AppendDeflate(nil, tt.offer))
		got, ok := selectDeflate(t, tt.want, value)
		if d := cmp.Diff(tt.get, got); !ok || d != "" {
			t.Errorf("%s: %t (-want +got)\n%s", tt.name, ok, d)
		}
		if got, ok := oracleSelectDeflate([]string{value}, tt.want); !ok || got != tt.get {
			t.Errorf("%s: the oracle says %+v, %t", tt.name, got, ok)
		}
	}
}

// Whatever a client offers and a server wants, the client accepts the answer, and both hold to the same terms.
func TestDeflateAgreement(t *testing.T) {
	t.Parallel()
	bits := []uint8{0, 8, 9, 12, 15}
	var all []wsproto.Deflate
	for i := range 4 {
		for _, s := range bits {
			for _, c := range bits {
				all = append(all, wsproto.Deflate{ServerNoTakeover: i&1 != 0, ClientNoTakeover: i&2 != 0, ServerBits: s, ClientBits: c})
			}
		}
	}
	for _, offer := range all {
		req := wsproto.ClientRequest{Host: "a", Key: hsKey, Deflate: &offer}
		p, err := wsproto.AppendRequest(nil, &req)
		if err != nil {
			t.Fatal(err)
		}
		var server wsproto.Request
		if n, err := server.Parse(p, wsproto.Limits{}, 0); n != len(p) || err != nil || server.CheckUpgrade() != nil {
			t.Fatalf("Parse(%q) = %d, %v", p, n, err)
		}
		for _, want := range all {
			agreed, ok := server.SelectDeflate(want)
			if !ok {
				t.Fatalf("%+v was declined", offer)
			}
			var client wsproto.Response
			p := []byte(hsAnswer("Sec-WebSocket-Extensions: " + string(wsproto.AppendDeflate(nil, agreed))))
			if n, err := client.Parse(p, wsproto.Limits{}, 0); n != len(p) || err != nil {
				t.Fatalf("Parse(%q) = %d, %v", p, n, err)
			}
			if err := client.CheckUpgrade(&req); err != nil || !client.Deflated || client.Deflate != agreed {
				t.Fatalf("%+v, wanted %+v: %+v, got %+v, %t, %v", offer, want, agreed, client.Deflate, client.Deflated, err)
			}
		}
	}
}

func TestAppendDeflate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		d    wsproto.Deflate
		want string
	}{
		{wsproto.Deflate{}, "permessage-deflate"},
		{wsproto.Deflate{ClientBits: 15}, "permessage-deflate; client_max_window_bits"},
		{
			wsproto.Deflate{ServerNoTakeover: true, ClientNoTakeover: true, ServerBits: 15, ClientBits: 8},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15; client_max_window_bits=8",
		},
	}
	for _, tt := range tests {
		if got := string(wsproto.AppendDeflate([]byte("x"), tt.d)); got != "x"+tt.want {
			t.Errorf("%+v: %q, want %q", tt.d, got, tt.want)
		}
	}
	for _, bits := range []uint8{1, 7, 16, 255} {
		for _, d := range []wsproto.Deflate{{ServerBits: bits}, {ClientBits: bits}} {
			for name, f := range map[string]func(){
				"AppendDeflate": func() { wsproto.AppendDeflate(nil, d) },
				"SelectDeflate": func() { new(wsproto.Request).SelectDeflate(d) },
			} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%s(%+v): no panic", name, d)
						}
					}()
					f()
				}()
			}
			if p, err := wsproto.AppendRequest([]byte("x"), &wsproto.ClientRequest{Host: "a", Key: hsKey, Deflate: &d}); err == nil || string(p) != "x" {
				t.Errorf("AppendRequest with %+v = %q, %v", d, p, err)
			}
		}
	}
}

// Answers of a server, to offers.
func TestResponseDeflate(t *testing.T) {
	t.Parallel()
	type d = wsproto.Deflate
	const notOffered, notSo = "the server uses an extension that was not offered", "the server's permessage-deflate is not what was offered"
	tests := []struct {
		offer  *d
		values []string
		want   *d // nil: not agreed
		err    string
	}{
		{nil, nil, nil, ""},
		{nil, []string{""}, nil, ""},
		{nil, []string{" , ,"}, nil, ""},
		{&d{}, nil, nil, ""},
		{&d{}, []string{""}, nil, ""},
		{&d{}, []string{"permessage-deflate"}, &d{}, ""},
		{&d{}, []string{",permessage-deflate ,"}, &d{}, ""},
		{&d{}, []string{"permessage-deflate; server_no_context_takeover"}, &d{ServerNoTakeover: true}, ""},
		{&d{}, []string{"permessage-deflate; client_no_context_takeover"}, &d{ClientNoTakeover: true}, ""},
		{&d{}, []string{"permessage-deflate; server_max_window_bits=9"}, &d{ServerBits: 9}, ""},
		{&d{}, []string{"permessage-deflate; server_max_window_bits=\"9\""}, &d{ServerBits: 9}, ""},
		{&d{ServerNoTakeover: true}, []string{"permessage-deflate; server_no_context_takeover"}, &d{ServerNoTakeover: true}, ""},
		{&d{ServerBits: 12}, []string{"permessage-deflate; server_max_window_bits=12"}, &d{ServerBits: 12}, ""},
		{&d{ServerBits: 12}, []string{"permessage-deflate; server_max_window_bits=8"}, &d{ServerBits: 8}, ""},
		{&d{ClientBits: 15}, []string{"permessage-deflate"}, &d{}, ""},
		{&d{ClientBits: 15}, []string{"permessage-deflate; client_max_window_bits=15"}, &d{ClientBits: 15}, ""},
		{&d{ClientBits: 15}, []string{"permessage-deflate; client_max_window_bits=9"}, &d{ClientBits: 9}, ""},
		{&d{ClientBits: 12}, []string{"permessage-deflate; client_max_window_bits=12"}, &d{ClientBits: 12}, ""},
		// What a client has said of itself holds, even if the server does not repeat it.
		{&d{ClientBits: 12, ClientNoTakeover: true}, []string{"permessage-deflate"}, &d{ClientBits: 12, ClientNoTakeover: true}, ""},

		{nil, []string{"permessage-deflate"}, nil, notOffered},
		{&d{}, []string{"x-webkit-deflate-frame"}, nil, notOffered},
		{&d{}, []string{"permessage-deflate, foo"}, nil, notOffered},
		{&d{}, []string{"foo, permessage-deflate"}, nil, notOffered},
		{&d{}, []string{"foo; \"permessage-deflate"}, nil, notOffered},
		{&d{}, []string{"permessage-deflate, permessage-deflate"}, nil, notSo},
		{&d{}, []string{"permessage-deflate", "permessage-deflate"}, nil, "a field of the server's handshake is repeated"},
		{&d{}, []string{"permessage-deflate", ""}, nil, "a field of the server's handshake is repeated"},
		{&d{}, []string{"permessage-deflate; x"}, nil, notSo},
		{&d{}, []string{"permessage-deflate;"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; server_no_context_takeover=1"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; server_max_window_bits"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; server_max_window_bits=16"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; client_max_window_bits=15"}, nil, notSo},
		{&d{}, []string{"permessage-deflate; client_max_window_bits"}, nil, notSo},
		{&d{ClientBits: 15}, []string{"permessage-deflate; client_max_window_bits"}, nil, notSo},
		{&d{ClientBits: 15}, []string{"permessage-deflate; client_max_window_bits=7"}, nil, notSo},
		{&d{ClientBits: 12}, []string{"permessage-deflate; client_max_window_bits=13"}, nil, notSo},
		{&d{ServerBits: 12}, []string{"permessage-deflate; server_max_window_bits=13"}, nil, notSo},
		{&d{ServerBits: 12}, []string{"permessage-deflate"}, nil, notSo},
		{&d{ServerBits: 15}, []string{"permessage-deflate"}, nil, notSo},
		{&d{ServerNoTakeover: true}, []string{"permessage-deflate"}, nil, notSo},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%+v: %q", tt.offer, tt.values)
		var r wsproto.Response
		p := []byte(hsAnswer(extensionLines(tt.values)...))
		if n, err := r.Parse(p, wsproto.Limits{}, 0); n != len(p) || err != nil {
			t.Fatalf("%s: Parse = %d, %v", name, n, err)
		}
		err := r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey, Deflate: tt.offer})
		if tt.err != "" {
			if err == nil || err.Error() != "wsproto: bad handshake: "+tt.err || hsStatus(t, err) != 101 {
				t.Errorf("%s: %v, want %s", name, err, tt.err)
			}
			continue
		}
		want := wsproto.Deflate{}
		if tt.want != nil {
			want = *tt.want
		}
		if err != nil || r.Deflated != (tt.want != nil) || r.Deflate != want {
			t.Errorf("%s: %+v, %t, %v; want %+v", name, r.Deflate, r.Deflated, err, tt.want)
		}
	}
}

func TestSelectDeflateAllocations(t *testing.T) {
	var with, without wsproto.Request
	plain := []byte(hsUpgrade())
	for r, p := range map[*wsproto.Request][]byte{&with: hsBrowser, &without: plain} {
		if n, err := r.Parse(p, wsproto.Limits{}, 0); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	want := wsproto.Deflate{ServerBits: 12, ClientBits: 12}
	out := make([]byte, 0, 200)
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := without.SelectDeflate(want); ok {
			t.Error("something from nothing")
		}
		agreed, ok := with.SelectDeflate(want)
		out = wsproto.AppendDeflate(out[:0], agreed)
		if !ok || len(out) < 20 {
			t.Error("declined")
		}
	}); n != 0 {
		t.Errorf("SelectDeflate allocates %v times", n)
	}
}

func BenchmarkSelectDeflate(b *testing.B) {
	var r wsproto.Request
	if n, _ := r.Parse(hsBrowser, wsproto.Limits{}, 0); n == 0 {
		b.Fatal("Parse")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := r.SelectDeflate(wsproto.Deflate{ClientBits: 12}); !ok {
			b.Fatal("declined")
		}
	}
}
