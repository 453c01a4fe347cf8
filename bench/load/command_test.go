package load_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestMainDoesEveryWork as the flags say.
func TestMainDoesEveryWork(t *testing.T) {
	t.Parallel()
	echo, broadcast := gorillaEcho(t, nil).String(), plainBroadcast(t).String()
	tests := []struct {
		args string
		want load.Result // what is not zero
	}{
		{"--connections 3", load.Result{Connections: 3}},
		{"--connections 3 --messages 30 --depth 2 --check -1", load.Result{Connections: 3, Messages: 30}},
		{"--connections 3 --duration 100ms --rate 300 --interval 50ms --ramp 0s", load.Result{Connections: 3, Messages: 30}},
		{"--work churn --connections 2 --messages 10 --concurrency 3", load.Result{Connections: 2, Messages: 10}},
		{"--work storm --connections 7", load.Result{Connections: 7, Messages: 7}},
		{
			"--work mixed --connections 10 --rate 300 --churn-rate 50 --duration 100ms",
			load.Result{Connections: 10, Messages: 30, Replaced: 5},
		},
		{"--work broadcast --connections 4 --mute 1 --messages 5 --text=false", load.Result{Connections: 3, Messages: 15, Sent: 5}},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			addr := echo
			if strings.Contains(test.args, "broadcast") {
				addr = broadcast
			}
			var out strings.Builder
			if err := load.Main(append(strings.Fields(test.args), "--address", addr), nil, &out); err != nil {
				t.Fatal(err)
			}
			var r load.Reply
			if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
				t.Fatal(err)
			}
			got := r.Result
			if got.Connections != test.want.Connections || got.Messages != test.want.Messages || got.Sent != test.want.Sent ||
				got.Replaced != test.want.Replaced || got.Failed+got.Lost != 0 {
				t.Errorf("%+v", counts(got))
			}
		})
	}
}

func TestMainReadsOrders(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	in := strings.NewReader(`{"connections":2} {"work":"echo","messages":4} {"connections":-1}`)
	if err := load.Main([]string{"--address", gorillaEcho(t, nil).String(), "--orders"}, in, &out); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d replies:\n%s", n, out.String())
	}
}

func TestMainSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	addr := gorillaEcho(t, nil).String()
	for _, test := range []struct{ args, orders, fails string }{
		{"", "", "--address"},
		{"--address " + addr + " --no-such", "", "no-such"},
		{"--address " + addr + " --protocol carrier-pigeon", "", "carrier-pigeon"},
		{"--address " + addr + " --work sleep --messages 1", "", `work "sleep"`},
		{"--address " + addr + " --work mixed --messages 1", "", "needs a rate"},
		{"--address " + addr + " --orders", `{"work":"echo","messages":1}`, "no connections"},
		{"--address " + addr + " --orders", `{"work":"churn"}`, "without an end"},
		{"--address " + addr + " --orders", `nonsense`, "load: order"},
	} {
		var out strings.Builder
		err := load.Main(strings.Fields(test.args), strings.NewReader(test.orders), &out)
		if err == nil || !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s %s: error %v, want one with %q", test.args, test.orders, err, test.fails)
		}
	}
	var help strings.Builder
	if err := load.Main([]string{"--help"}, nil, &help); err != nil || !strings.Contains(help.String(), "-churn-rate") {
		t.Errorf("%v\n%s", err, help.String())
	}
}
