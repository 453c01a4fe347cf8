package result

// Metric describes a key of Cell.Metrics.
type Metric struct {
	Key   string
	Title string // for people: "server CPU per message"
	Unit  string // "µs", "B", "1/s", "" for a bare number
	// More is whether more is better.
	More bool
	// Headroom is whether the metric says nothing about the server when the load generator was the bottleneck. CPU per
	// message and memory do not depend on who waits for whom.
	Headroom bool
}

// Metrics are all the keys there are, in the order in which they are shown. A message of a broadcast is one delivery.
var Metrics = [...]Metric{
	{Key: "rss_bytes_per_connection", Title: "RSS per idle connection", Unit: "B"},
	{Key: "pss_bytes_per_connection", Title: "PSS per idle connection", Unit: "B"},
	{Key: "kernel_bytes_per_connection", Title: "kernel memory per connection, one end", Unit: "B"},
	{Key: "rss_bytes", Title: "RSS of the server", Unit: "B"},
	{Key: "peak_rss_bytes", Title: "most RSS during the run", Unit: "B"},
	{Key: "cpu_us_per_message", Title: "server CPU per message", Unit: "µs"},
	{Key: "user_us_per_message", Title: "of it in user space", Unit: "µs"},
	{Key: "system_us_per_message", Title: "of it in the kernel", Unit: "µs"},
	{Key: "cpu_us_per_connection", Title: "server CPU per connection", Unit: "µs"},
	{Key: "messages_per_second", Title: "messages", Unit: "1/s", More: true, Headroom: true},
	{Key: "connections_per_second", Title: "connections", Unit: "1/s", More: true, Headroom: true},
	{Key: "latency_p50_us", Title: "latency, median", Unit: "µs", Headroom: true},
	{Key: "latency_p90_us", Title: "latency, p90", Unit: "µs", Headroom: true},
	{Key: "latency_p99_us", Title: "latency, p99", Unit: "µs", Headroom: true},
	{Key: "latency_p999_us", Title: "latency, p99.9", Unit: "µs", Headroom: true},
	{Key: "latency_max_us", Title: "latency, longest", Unit: "µs", Headroom: true},
	{Key: "recovery_ms", Title: "until all are back", Unit: "ms", Headroom: true},
	{Key: "lost", Title: "messages that never came", Unit: ""},
	{Key: "failed", Title: "connections that failed", Unit: ""},
	{Key: "dropped_connections", Title: "connections the server ended", Unit: ""},
	{Key: "syscalls_per_message", Title: "system calls per message", Unit: ""},
	{Key: "switches_per_message", Title: "context switches per message", Unit: ""},
	{Key: "preemptions_per_second", Title: "involuntary switches", Unit: "1/s"},
	{Key: "goroutines", Title: "goroutines", Unit: ""},
	{Key: "mallocs_per_message", Title: "allocations per message", Unit: ""},
	{Key: "gc_cycles", Title: "garbage collections", Unit: ""},
	{Key: "gc_pause_us", Title: "time stopped by them", Unit: "µs"},
	{Key: "load_cpu_us_per_message", Title: "the load generator's own CPU per message", Unit: "µs"},
	{Key: "load_busy_share", Title: "share of its time the generator was busy", Unit: ""},
	{Key: "late_p99_us", Title: "sent later than intended, p99", Unit: "µs"},
}

// MetricOf is the description of a key.
func MetricOf(key string) (Metric, bool) {
	for _, m := range Metrics {
		if m.Key == key {
			return m, true
		}
	}
	return Metric{}, false
}
