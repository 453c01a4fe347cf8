// Package neighbours holds tests only: programs of others, which were written against github.com/fasthttp/websocket
// or github.com/gorilla/websocket, run on the drop-in.
//
//   - the example programs of both projects, taken from the module cache when the tests run; nothing in them is
//     changed but the import path (and one call that keeps an example from compiling anywhere, see repairs);
//   - gofiber's contrib/websocket, for fiber v2 and v3: nothing in it is changed at all. The module that it imports
//     is replaced by a generated one that consists of aliases for the drop-in. Its own tests run like that, and the
//     servers of cmd/fiber2 and cmd/fiber3.
//
// Every program is a process of its own, on a port of its own, and is talked to by gorilla's client and by that of
// engine/websocket. The same tests run against the original, which is the control group:
//
//	go test ./...                                                 # against the drop-in
//	go test ./... -args -websocket=github.com/fasthttp/websocket  # against the original
//
// Much of the time is waiting for programs that look at a clock: -parallel=8 halves it.
//
// This is a module of its own because of what its neighbours require.
package neighbours
