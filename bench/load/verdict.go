package load

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// busyMost is the share of its time that the generator may be busy in a closed loop. Above it answers wait for the
	// generator rather than it for answers.
	busyMost = 0.9
	// ownMost is how much of a latency may be the generator's own lateness.
	ownMost = 0.25
	// hereLeast is how much of the time that it was busy the generator must have had a processor.
	hereLeast = 0.8
	// starvedMost is the share of the time of a closed loop that the generator may have been ready without a processor.
	// Most of that is right after it was woken up, which looks like waiting for the server.
	starvedMost = 0.1
)

// verdict says why the load and not the server was the limit, or that it cannot tell; nothing if it was not.
//
// A slow server never makes the generator late, because nothing that the generator does waits for the server: in an open
// loop lateness alone counts, and in a closed one how busy it was and whether it could run when it had to.
func verdict(open bool, elapsed, busy, cpu, starved time.Duration, latency, late *hdrhistogram.Histogram) string {
	share := float64(busy) / float64(max(elapsed, 1))
	if share > 0.5 && float64(cpu) < hereLeast*float64(busy) && elapsed > 50*time.Millisecond {
		return fmt.Sprintf("cannot tell: the load was to be busy %.0f %% of the time, and had a processor for %.0f %% of that",
			100*share, 100*float64(cpu)/float64(busy))
	}
	if !open {
		if waited := float64(starved) / float64(max(elapsed, 1)); waited > starvedMost && elapsed > 50*time.Millisecond {
			return fmt.Sprintf("cannot tell: the load waited for a processor %.0f %% of the time", 100*waited)
		}
		if share >= busyMost {
			return fmt.Sprintf("the load was busy %.0f %% of the time: the server had to wait for it", 100*share)
		}
		return ""
	}
	for _, q := range [...]float64{50, 99} {
		own, all := late.ValueAtQuantile(q), latency.ValueAtQuantile(q)
		if float64(own) > ownMost*float64(all) {
			return fmt.Sprintf("the load sent late: p%.0f %v of the %v that are measured",
				q, twoDigits(own), twoDigits(all))
		}
	}
	return ""
}

// twoDigits is all that a sentence needs.
func twoDigits(ns int64) time.Duration {
	unit := int64(1)
	for ns/unit >= 100 {
		unit *= 10
	}
	return time.Duration(ns).Round(time.Duration(unit))
}
