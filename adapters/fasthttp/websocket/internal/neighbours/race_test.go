//go:build race

package neighbours_test

// The programs are built as the tests are.
const raceEnabled = true
