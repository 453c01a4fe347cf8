//go:build !race

package neighbours_test

const raceEnabled = false
