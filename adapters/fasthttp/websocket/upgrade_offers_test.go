package websocket_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestUpgradeOffers: RFC 7692 section 7.1, seen from a server that compresses each message by
// itself, within any window.
func TestUpgradeOffers(t *testing.T) {
	t.Parallel()
	const yes = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	type test struct {
		offers []string
		answer string // empty: declined
	}
	tests := []test{
		{[]string{""}, ""},
		{[]string{"permessage-deflate"}, yes},
		{[]string{"Permessage-Deflate;Client_Max_Window_Bits"}, yes},
		{[]string{"permessage-deflate; server_no_context_takeover"}, yes},
		{[]string{"permessage-deflate; client_no_context_takeover"}, yes},
		{[]string{"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"}, yes},
		{[]string{"permessage-deflate; server_max_window_bits"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits="}, ""},
		{[]string{"permessage-deflate; client_max_window_bits="}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover=1"}, ""},
		{[]string{"permessage-deflate; client_no_context_takeover="}, ""},
		{[]string{"permessage-deflate; server_no_context_takeover; server_no_context_takeover"}, ""},
		{[]string{"permessage-deflate; client_max_window_bits; client_max_window_bits=15"}, ""},
		{[]string{"permessage-deflate; x"}, ""},
		{[]string{"permessage-deflate; x=y"}, ""},
		{[]string{"permessage-deflate-not"}, ""},
		{[]string{"permessage-deflate; server_max_window_bits=10, permessage-deflate"}, yes + "; server_max_window_bits=10"},
		{[]string{"permessage-deflate; server_max_window_bits=16", "permessage-deflate; x", "permessage-deflate; client_max_window_bits"}, yes},
		{[]string{"permessage-deflate; x, permessage-deflate; server_max_window_bits=15"}, yes + "; server_max_window_bits=15"},
		{[]string{"foo; a=\"permessage-deflate, permessage-deflate\""}, ""},
	}
	for bits := range 20 {
		for _, form := range []string{"%d", `"%d"`, ` "%d" `} {
			value := fmt.Sprintf(form, bits)
			server, client, both := "", "", ""
			if bits >= 8 && bits <= 15 {
				client = yes
				server = fmt.Sprint(yes, "; server_max_window_bits=", bits)
				both = server
			}
			tests = append(
				tests,
				test{[]string{"permessage-deflate; server_max_window_bits=" + value}, server},
				test{[]string{"permessage-deflate; client_max_window_bits=" + value}, client},
				test{[]string{"permessage-deflate; client_max_window_bits=" + value + "; server_max_window_bits = " + value}, both},
			)
		}
		tests = append(
			tests,
			test{[]string{fmt.Sprintf("permessage-deflate; server_max_window_bits=0%d", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=+%d", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=%d.0", bits)}, ""},
			test{[]string{fmt.Sprintf("permessage-deflate; client_max_window_bits=\"%d", bits)}, ""},
		)
	}
	for _, tt := range tests {
		for _, enabled := range []bool{true, false} {
			var changes []string
			for _, offer := range tt.offers {
				changes = append(changes, "+Sec-WebSocket-Extensions: "+offer)
			}
			var deflated bool
			head, _, err := answered(t, func(w http.ResponseWriter) error {
				u := websocket.Upgrader{EnableCompression: enabled}
				c, err := u.Upgrade(w, upgradeRequest(changes...), nil)
				if err == nil {
					deflated = c.Deflated()
					_ = c.Close()
				}
				return err
			})
			got, want := "", tt.answer
			for _, line := range head {
				if value, ok := strings.CutPrefix(line, "Sec-WebSocket-Extensions: "); ok {
					got += value
				}
			}
			if !enabled {
				want = ""
			}
			if err != nil || got != want || deflated != (want != "") {
				t.Errorf("%q is answered with %q, deflated %t, %v; want %q", tt.offers, got, deflated, err, want)
			}
		}
	}
}
