// Package original holds the drop-in against the package that it replaces, github.com/fasthttp/websocket v1.5.12:
// it runs that package's own tests on it, compares the two APIs, and has both read and write the same.
//
// It is a module of its own, so that the original is never required by the other one.
package original
