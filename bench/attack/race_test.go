//go:build race

package attack_test

// Under the race detector, whose own memory makes RSS mean nothing, the attacks are the same and smaller.
const raceEnabled = true
