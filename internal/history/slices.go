package history

import "time"

const day = 24 * time.Hour

// Oldest is how long Equinix keeps intervals.
const Oldest = 90 * day

// Slices returns the ends of the requests to make for the intervals that end after from and not
// after to: all about equally long, the oldest first. The API answers with intervals of 5 minutes
// to requests for up to 7 days; what it does with exactly 7 days is not documented.
func Slices(resolution time.Duration, from, to time.Time) []time.Time {
	if !from.Before(to) {
		return nil
	}
	longest := 7*day - time.Hour
	if resolution >= time.Hour {
		longest = 30 * day // the v4 metrics have all packet counts in the same answer
	}
	n := (to.Sub(from) + longest - 1) / longest
	ends := make([]time.Time, n)
	for i := range ends {
		ends[i] = from.Add(to.Sub(from) / n * time.Duration(i+1)).Truncate(time.Second)
	}
	ends[n-1] = to
	return ends
}
