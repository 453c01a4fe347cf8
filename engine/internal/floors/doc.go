// Package floors holds the tests that keep every import of this module pointing down.
//
// The floors, from codec at the bottom to cmd at the top, are what lets a protocol be
// tested without a socket and gnet be replaced in one place. The same rules stand in
// .golangci.yml, where an editor shows them; these tests need nothing but Go, so they
// hold for anyone who runs go test, and they are stricter where depguard cannot follow
// (one third party for each adapter, no goroutine in codec).
//
// The package has no code of its own and nothing imports it.
package floors
