package backfill

import (
	"context"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
)

// Daemon polls ports and connections, and asks for their history.
type Daemon interface {
	Run(ctx context.Context) error // polls until ctx is done, and returns nil then
	Snapshot() *fleet.Snapshot     // never nil
	History(ctx context.Context, of fleet.Subject, resolution time.Duration, from, to time.Time) (fleet.History, fleet.Rejected, error)
}

// Answer is what Equinix says of one slice of the past, or the error that came instead.
type Answer struct {
	fleet.History

	Rejected fleet.Rejected // intervals that are not in the History because they are implausible
	Err      error
}

// Ask asks for the intervals of a port or connection that end after from and not after to, in
// slices, the oldest first. take gets the answer for each slice; its error ends Ask.
func Ask(ctx context.Context, d Daemon, of fleet.Subject, resolution time.Duration, from, to time.Time, take func(*Answer) error) error {
	ends := history.Slices(resolution, from, to)
	for i, end := range ends {
		start := from
		if i > 0 {
			start = ends[i-1]
		}
		asked := start
		if least := end.Add(-shortest(resolution)); asked.After(least) {
			asked = least
		}
		var a Answer
		a.History, a.Rejected, a.Err = d.History(ctx, of, resolution, asked, end)
		if err := ctx.Err(); err != nil {
			return err
		}
		a.History = a.Between(start, end)
		if err := take(&a); err != nil {
			return err
		}
	}
	return nil
}

// shortest is how long a request has to be at least: for hours the API wants more than 7
// days, and v3 documents nothing below one day.
func shortest(resolution time.Duration) time.Duration {
	if resolution >= time.Hour {
		return 8 * day
	}
	return day
}

const day = 24 * time.Hour
