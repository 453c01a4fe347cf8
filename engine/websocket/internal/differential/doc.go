// Package differential holds tests that give the same bytes to this module's
// WebSocket and to two others, gorilla/websocket and coder/websocket, and ask
// that every difference be one that is written down in rules_test.go.
//
// A model of RFC 6455 and RFC 7692, written here to be slow and obvious, says who
// is right: ours has to do exactly what the model does, each of the others what
// the model does with the rules of that peer.
//
// It is a module of its own, so that its peers are not dependencies of Sockeye.
// It has no code but tests, and nothing imports it.
package differential
