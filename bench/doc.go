// Package bench measures what Sockeye costs beside other servers. It is what sockeye bench runs; its tests hold Sockeye to
// the budgets of the design.
//
// # Method
//
// Every server is a process of its own, and so is the load on it (bench/load): on one processor each where there are two.
// All servers of a cell are up together and are measured in short windows that take turns, so that whatever else the
// machine does meets all alike; the order changes every round or two. A figure is the median of the rounds with their
// spread, a ratio is taken round by round to one server of the same run, the base. Memory is taken one server at a time.
//
// The figure to trust is the processor time of the server for each message: it does not depend on who waits for whom.
// Latency and throughput say something about the server only where the load had time to spare; the load knows when it had
// not, and such rounds are in doubt (result.Doubt). The latency of an open loop counts from when a message was due.
//
// That time is user and system time of the process, to the nanosecond. On loopback the kernel hands a packet to its
// receiver while the sender is still in its call: the server pays for what it sends up to the load's socket, and the load
// for what it sends up to the server's. It is so for every server. What a server does after a window, once the load has
// stopped, is nobody's: collecting what connections left behind (Sockeye and the base do that within two seconds) came to
// 1 or 2 % of a storm.
//
// Sockeye runs as sockeye serve does, with GOGC at 50, and the base alike; the rivals have Go's own 100. Memory of idle
// connections is taken after a forced collection, so that this does not count there; it does in the most RSS of a run.
// Node and Bun cannot be asked to collect: their memory is taken as it is once it has come to rest.
//
// Goroutines, the base, is Sockeye's own codec and handler with a goroutine for each connection (bench/baseline), so that
// the way of doing I/O is the only difference. The rivals are written as their own documentation writes them.
//
// # Parts
//
//	bench/result     what was measured: a file that can be rendered and compared again
//	bench/report     tables, the page with plots, thresholds, comparisons; bench/pictures draws for the README
//	bench/contender  every server by name: how it is built and started
//	bench/baseline   goroutine per connection on our codec; bench/rivals are the others, a module of their own
//	bench/load       the load generator, without any of Sockeye's code
//	bench/probe      what a process, and the kernel for it, costs; bench/trace counts its system calls by strace,
//	                 bench/vitals is what a Go server tells about itself
//	bench/rig        builds, starts, pins and stops processes
//	bench/million    a million connections in a guest kernel of its own
//	bench/attack     tests only: what hostile peers may do to a server, and what it may cost
//
// # Budgets
//
// The tests here are claims about a machine with nothing else to do; they are skipped unless asked for:
//
//	SOCKEYE_BENCH=1 go test -count=1 -v ./bench                          # all, some minutes
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestCalibration ./bench     # does this machine give the known ratio?
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestCPUPerMessage ./bench   # server CPU per echo, against raw gnet and gorilla
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestIdleRSS ./bench         # memory of an idle connection
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestSyscalls ./bench        # counts, exact on any machine; needs strace
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestAdapter ./bench         # fasthttp/websocket and the drop-in for it
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestHTTP ./bench            # fasthttp.Server and our Serve; needs wrk
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestSecond ./bench          # does the load generator agree with simpler clients?
//
// SOCKEYE_BENCH_ROUNDS sets the number of repetitions, 9 unless set.
//
// # Microbenchmarks
//
// What a single piece costs is measured beside its code, in memory and without a socket: frames, masks, UTF-8, deflate and
// handshakes in codec and codec/wsproto, timers, mailbox, waiting output and one message to all in engine, whole echoes
// and broadcasts in engine/websocket. benchstat compares two states of the tree, of six runs or more each:
//
//	go install golang.org/x/perf/cmd/benchstat@latest
//	go test -run='^$' -bench=Wheel -count=10 ./engine >old.txt        # and the same into new.txt after the change
//	benchstat old.txt new.txt
//	go test -run='^$' -bench=Mask -count=10 ./codec/wsproto >mask.txt
//	benchstat -row /size -col /by mask.txt                            # parameters side by side
package bench
