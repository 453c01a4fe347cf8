// Package differential holds tests that give the same bytes to this module's
// PROXY protocol and to that of pires/go-proxyproto, and ask that every
// difference be one that is written down in rules_test.go.
//
// It is a module of its own, so that its peer is not a dependency of Sockeye. It
// has no code but tests, and nothing imports it.
package differential
