package load

import "time"

// Order is one line of JSON to Serve. First connections are opened or closed until there are Connections, then the work
// is done, if there is any. A zero field asks for nothing.
type Order struct {
	// Connections is how many to have; fewer than there are closes the newest. Zero leaves them as they are, negative
	// closes all. They are closed with the closing handshake.
	Connections int `json:"connections,omitempty"`
	// OneByOne echoes a message on each connection before the next is opened.
	OneByOne bool `json:"one_by_one,omitempty"`
	// Greet echoes a message on each connection that is opened, and counts it as opened when the answer has come.
	Greet bool `json:"greet,omitempty"`
	// ConnectRate is how many to open per second; zero is as fast as it goes.
	ConnectRate float64 `json:"connect_rate,omitempty"`
	// Mute connections, the newest of them, read nothing during the work. (Broadcast only.) They are closed at its end,
	// for what they have not read would be in the way of the next.
	Mute int `json:"mute,omitempty"`

	// Work is what to do, until Messages have come back or Duration has passed, whichever is first; at least one of
	// the two must be positive, but for Storm, which takes a minute at most by itself. Empty is Echo if there is an end,
	// and nothing if there is none. Messages counts connections for Churn, and published messages for Broadcast.
	Work     Work          `json:"work,omitempty"`
	Messages int64         `json:"messages,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Rate makes it an open loop: so many messages (Churn: connections) a second, over all connections, each due at a
	// time that was fixed beforehand, whatever became of those before it; latency counts from when it was due. Zero is
	// a closed loop: the next is sent when an answer has come, and latency counts from sending. An open loop has up to
	// 1,024 messages in flight on a connection, and a publisher as many that wait; what is due beyond is lost. What has
	// no answer 2 s after the last was due is lost too, and its connections are closed.
	Rate float64 `json:"rate,omitempty"`
	// Grace is how long after the last message was due its answer may come (Echo with a Rate); zero is 2 s. What has
	// no answer by then is lost, and its connection is given up.
	Grace time.Duration `json:"grace_ns,omitempty"`
	// Ramp is how long the rate takes to grow from zero, at the start of Duration.
	Ramp time.Duration `json:"ramp_ns,omitempty"`
	// Interval is the length of the pieces in Result.Course: zero is one second.
	Interval time.Duration `json:"interval_ns,omitempty"`
	// ChurnRate connections a second are closed and opened anew beside the messages (Mixed only).
	ChurnRate float64 `json:"churn_rate,omitempty"`
	// Concurrency is how many connects may be under way at once (Churn and Storm); zero is 64.
	Concurrency int `json:"concurrency,omitempty"`
}

// Work is a kind of load.
type Work string

const (
	Echo      Work = "echo"      // every connection sends messages and takes the same back
	Broadcast Work = "broadcast" // the first connection sends, all that are not mute take each message, it too
	Churn     Work = "churn"     // connect, upgrade, one echo, close with the closing handshake; Messages counts connections
	Storm     Work = "storm"     // all connections are reset at once and come back, each with an echo
	Mixed     Work = "mixed"     // Echo in an open loop over a tenth of the connections, while others are replaced
)

// Reply is one line of JSON from Serve for each order. After one with an Error nothing follows.
type Reply struct {
	Result
	Error string `json:"error,omitempty"`
}

// Result is what an order did.
type Result struct {
	Connections int           `json:"connections"` // open at the end
	Messages    int64         `json:"messages"`    // echoes, deliveries, or for Churn and Storm connections
	Checked     int64         `json:"checked"`     // of them, whose content was compared
	Sent        int64         `json:"sent"`        // Broadcast: published messages
	Elapsed     time.Duration `json:"elapsed_ns"`
	Lost        int64         `json:"lost,omitempty"`     // due or sent, and no answer when it ended
	Failed      int64         `json:"failed,omitempty"`   // connects that failed, and connections that broke
	Ended       int64         `json:"ended,omitempty"`    // connections that the server closed although it was not asked to
	Replaced    int64         `json:"replaced,omitempty"` // Mixed: connections that were closed and opened anew
	Why         string        `json:"why,omitempty"`      // the first of the failures

	// Latency and Late are histograms of nanoseconds as HdrHistogram V2 in base64 (Histogram decodes them). Latency
	// has what was lost too, with the time it would have waited when the grace was over. Late is by how much messages
	// left later than they were due: the generator's own fault, which Latency includes.
	Latency string  `json:"latency,omitempty"`
	Late    string  `json:"late,omitempty"`
	Course  []Piece `json:"course,omitempty"`

	CPU  time.Duration `json:"cpu_ns"`  // of this process during the work, user and system
	Busy time.Duration `json:"busy_ns"` // time not spent waiting for events; Busy near Elapsed: the load was the limit
	// Saturated says why the load and not the server was the limit, or that it cannot tell; empty when it was not.
	Saturated string `json:"saturated,omitempty"`
}

// Piece is one interval of the work.
type Piece struct {
	At       time.Duration `json:"at_ns"`
	Length   time.Duration `json:"length_ns"`
	Messages int64         `json:"messages"`
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	Max      time.Duration `json:"max_ns"`
}
