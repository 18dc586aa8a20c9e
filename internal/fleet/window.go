package fleet

import (
	"fmt"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// Label is the span in whole days, e.g. "7d" (never "1w").
func (w Window) Label() string { return strconv.Itoa(int(w.Span/day)) + "d" }

// ResolutionLabel is the resolution as Prometheus writes durations, "5m" or "1h".
func (w Window) ResolutionLabel() string {
	if w.Resolution%time.Hour == 0 {
		return fmt.Sprintf("%dh", w.Resolution/time.Hour)
	}
	return fmt.Sprintf("%dm", w.Resolution/time.Minute)
}

// sampleGrace is how much older than three intervals the newest sample may be:
// Equinix publishes with up to 12 minutes of delay plus one of streaming, and
// outages of its pipeline of half an hour are ordinary.
const sampleGrace = 45 * time.Minute

// Current reports whether a sample stamped at newest is recent enough to be
// called the last polled value.
func (w Window) Current(newest, now time.Time) bool {
	return !newest.IsZero() && now.Sub(newest) <= 3*w.Resolution+sampleGrace
}

// sampleAge is how much older than its own interval the newest sample ordinarily
// is when it is polled.
const sampleAge = 10 * time.Minute

// Gaps reports whether the last polled value ends between two polls on that
// interval, though all is well: before the next one comes it is not [Window.Current].
func (w Window) Gaps(interval time.Duration) bool {
	return interval > 3*w.Resolution+sampleGrace-(w.Resolution+sampleAge)
}
