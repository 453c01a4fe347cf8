//go:build race

package websocket_test

// raceEnabled: a sync.Pool drops what it is given now and then, so allocations cannot be counted.
const raceEnabled = true
