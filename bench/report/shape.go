package report

// shape is how the groups of a scenario are shown.
type shape struct {
	scenario string
	title    string
	about    string   // one sentence: what is done to the servers
	columns  []column // the first is what the scenario is about, and is drawn as bars
	verdict  []string // metrics that are compared in one line
}

type column struct {
	key  string
	head string
	per  string // what it is for each of; empty when the head says it
	more extra
}

// name is the metric in a few words.
func (c column) name() string {
	if c.per == "" {
		return c.head
	}
	return c.head + " per " + c.per
}

// extra is what stands beside the median.
type extra int

const (
	alone    extra = iota
	spread         // the least and the most
	compared       // the least and the most, and a column with the ratio to the base
)

var shapes = []shape{
	{
		"idle", "Idle", "memory of a connection that is open and silent, after one message", []column{
			{"rss_bytes_per_connection", "RSS", "connection", compared},
			{"pss_bytes_per_connection", "PSS", "", spread},
			{"kernel_bytes_per_connection", "kernel, one end", "", alone},
			{"rss_bytes", "whole server", "", alone},
		}, []string{"rss_bytes_per_connection"},
	},
	{
		"echo", "Echo", "every connection sends, waits for its answers, and sends again", []column{
			{"cpu_us_per_message", "CPU", "message", compared},
			{"messages_per_second", "messages", "", spread},
			{"syscalls_per_message", "system calls", "message", alone},
			{"mallocs_per_message", "allocations", "message", alone},
			{"switches_per_message", "switches", "message", alone},
		}, []string{"cpu_us_per_message"},
	},
	{
		"latency", "Latency", "messages at a fixed rate, counted from when each was due", []column{
			{"latency_p50_us", "p50", "", spread},
			{"latency_p90_us", "p90", "", alone},
			{"latency_p99_us", "p99", "", compared},
			{"latency_p999_us", "p99.9", "", compared},
			{"latency_max_us", "longest", "", alone},
			{"messages_per_second", "messages", "", spread},
			{"cpu_us_per_message", "CPU", "message", alone},
			{"lost", "lost", "", alone},
		}, []string{"latency_p99_us", "latency_p999_us"},
	},
	{
		"broadcast", "Broadcast", "one connection publishes, all receive; a message is one delivery", []column{
			{"cpu_us_per_message", "CPU", "delivery", compared},
			{"messages_per_second", "deliveries", "", spread},
			{"latency_p50_us", "p50", "", spread},
			{"latency_p99_us", "p99", "", spread},
			{"syscalls_per_message", "system calls", "message", alone},
			{"mallocs_per_message", "allocations", "message", alone},
		}, []string{"cpu_us_per_message"},
	},
	{
		"churn", "Churn", "connect, upgrade, one echo, close", []column{
			{"cpu_us_per_connection", "CPU", "connection", compared},
			{"connections_per_second", "connections", "", spread},
			{"failed", "failed", "", alone},
		}, []string{"cpu_us_per_connection"},
	},
	{
		"slow", "Slow", "a broadcast of which a tenth of the receivers read nothing", []column{
			{"cpu_us_per_message", "CPU", "delivery", compared},
			{"peak_rss_bytes", "most memory", "", compared},
			{"messages_per_second", "deliveries", "", spread},
			{"latency_p99_us", "p99", "", spread},
			{"dropped_connections", "ended", "", alone},
			{"lost", "lost", "", alone},
		}, []string{"cpu_us_per_message", "peak_rss_bytes"},
	},
	{
		"storm", "Storm", "all connections are reset at once and come back", []column{
			{"recovery_ms", "all are back", "", compared},
			{"cpu_us_per_connection", "CPU", "connection", compared},
			{"peak_rss_bytes", "most memory", "", spread},
			{"failed", "failed", "", alone},
		}, []string{"recovery_ms", "cpu_us_per_connection"},
	},
	{
		"mixed", "Mixed", "messages at a fixed rate while other connections come and go", []column{
			{"cpu_us_per_message", "CPU", "message", compared},
			{"latency_p50_us", "p50", "", spread},
			{"latency_p99_us", "p99", "", compared},
			{"latency_p999_us", "p99.9", "", spread},
			{"rss_bytes", "memory", "", alone},
			{"failed", "failed", "", alone},
		}, []string{"cpu_us_per_message", "latency_p99_us"},
	},
}

// shapeOf is how a scenario is shown; one that is not known here shows what it has.
func shapeOf(scenario string) shape {
	for _, s := range shapes {
		if s.scenario == scenario {
			return s
		}
	}
	return shape{scenario: scenario, title: scenario, columns: []column{
		{"cpu_us_per_message", "CPU", "message", compared},
		{"cpu_us_per_connection", "CPU", "connection", compared},
		{"rss_bytes", "memory", "", alone},
		{"messages_per_second", "messages", "", spread},
		{"connections_per_second", "connections", "", spread},
		{"latency_p50_us", "p50", "", spread},
		{"latency_p99_us", "p99", "", spread},
		{"failed", "failed", "", alone},
	}}
}
