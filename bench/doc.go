// Package bench measures what Sockeye costs beside other servers, and holds it to the budgets of the design.
//
// The tests here are claims about a machine with nothing else to do, not unit tests; they are skipped unless asked for:
//
//	SOCKEYE_BENCH=1 go test -count=1 -v ./bench                          # all, about two minutes
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestCalibration ./bench     # does this machine give the known ratio?
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestCPUPerMessage ./bench   # server CPU per echo, against raw gnet and gorilla
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestIdleRSS ./bench         # memory of an idle connection
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestSyscalls ./bench        # counts, exact on any machine; needs strace
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestAdapter ./bench         # fasthttp/websocket and the drop-in for it
//	SOCKEYE_BENCH=1 go test -count=1 -v -run TestHTTP ./bench            # fasthttp.Server and our Serve; needs wrk
//
// SOCKEYE_BENCH_ROUNDS sets the number of repetitions of the first two, 9 unless set. They need two processors: the
// servers run pinned to processor 0 with GOMAXPROCS=1, the load to processor 1.
//
// The parts are usable by themselves:
//
//	bench/rivals    the other servers, in a module of their own; bench/cmd/adapters is a server on our adapters
//	bench/load      drives an echo server; bench/cmd/load is its command
//	bench/probe     what a process costs: CPU, memory, descriptors, context switches
//	bench/vitals    what a Go server tells about itself by signal: mallocs, collections, goroutines
//	bench/trace     system calls of a process, by strace
//	bench/rig       builds, starts, pins and stops the processes
//	bench/attack    tests only: what hostile peers may do to a server, and what it may cost
//
// By hand, for instance with gorilla:
//
//	go -C bench/rivals build -o /tmp/gorilla ./cmd/gorilla && go build -o /tmp/load ./bench/cmd/load
//	taskset -c 0 /tmp/gorilla --listen 127.0.0.1:9001 &
//	taskset -c 1 /tmp/load --address 127.0.0.1:9001 --connections 100 --duration 2s
package bench
