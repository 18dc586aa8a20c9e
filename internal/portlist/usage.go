package portlist

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/backfill"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// usage is what the intervals of a window say of a port, as it is printed. Rates are in bit/s;
// nil is unknown. The names of the JSON are a contract with users.
type usage struct {
	Account     string    `json:"account"`
	UUID        string    `json:"uuid"`
	Name        string    `json:"name"`
	Metro       *string   `json:"metro"`
	Capacity    *float64  `json:"capacity_bits_per_second"`
	WindowStart time.Time `json:"window_start"`
	WindowEnd   time.Time `json:"window_end"`
	Resolution  *string   `json:"resolution"` // of the intervals

	InP95       *float64   `json:"in_p95_bits_per_second"`
	InMax       *float64   `json:"in_max_bits_per_second"`
	InMaxTime   *time.Time `json:"in_max_time"`
	InAbove80   *float64   `json:"in_above_80_percent_ratio"` // share of the intervals whose mean is above 80 % of the capacity
	InIntervals *float64   `json:"in_intervals_ratio"`        // share of the intervals of the window that there are

	OutP95       *float64   `json:"out_p95_bits_per_second"`
	OutMax       *float64   `json:"out_max_bits_per_second"`
	OutMaxTime   *time.Time `json:"out_max_time"`
	OutAbove80   *float64   `json:"out_above_80_percent_ratio"`
	OutIntervals *float64   `json:"out_intervals_ratio"`

	MaxOf   *string `json:"max_of"` // interval_maxima or interval_means: what the source has
	Problem *string `json:"problem"`
}

// measureUsage asks for the intervals of every port of l, several ports at a time, until ctx is
// done.
func measureUsage(ctx context.Context, d backfill.Daemon, l *list, o Options) {
	to := time.Now().UTC().Truncate(time.Second)
	from := to.Add(-o.Window)
	var mu sync.Mutex
	var asking errgroup.Group
	asking.SetLimit(max(o.Concurrency, 1))
	for _, p := range l.ports {
		asking.Go(func() error {
			u := newUsage(ctx, d, &p, from, to)
			mu.Lock()
			defer mu.Unlock()
			l.usage = append(l.usage, u)
			return nil
		})
	}
	_ = asking.Wait() // the errors are in the problems
	slices.SortFunc(l.usage, func(a, b *usage) int {
		return cmp.Or(cmp.Compare(b.busier(), a.busier()), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
	})
}

// busier is the 95th percentile of the busier direction as a share of the capacity, -1 if
// unknown.
func (u *usage) busier() float64 {
	share := -1.0
	for _, p95 := range []*float64{u.InP95, u.OutP95} {
		if s := fleet.ShareOf(p95, u.Capacity); s != nil {
			share = max(share, *s)
		}
	}
	return share
}

// newUsage has no figures if a request failed: those of the other slices would look right.
func newUsage(ctx context.Context, d backfill.Daemon, p *port, from, to time.Time) *usage {
	u := &usage{
		Account: p.Account, UUID: p.UUID, Name: p.Name, Metro: p.Metro, Capacity: p.Capacity, WindowStart: from, WindowEnd: to,
		Problem: p.Problem,
	}
	const asked = 5 * time.Minute
	points := map[time.Duration]map[fleet.Direction]map[fleet.Quantity][]fleet.Point{}
	err := backfill.Ask(ctx, d, fleet.Subject{Account: p.Account, UUID: p.UUID, Name: p.Name}, asked, from, to, func(a *backfill.Answer) error {
		for _, t := range a.Tracks {
			if points[a.Resolution] == nil {
				points[a.Resolution] = map[fleet.Direction]map[fleet.Quantity][]fleet.Point{fleet.Inbound: {}, fleet.Outbound: {}}
			}
			of := points[a.Resolution][t.Direction]
			of[t.Quantity] = append(of[t.Quantity], t.Points...)
		}
		return a.Err
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		u.problem("history: " + err.Error())
		return u
	}
	// A percentile of intervals of different lengths has no meaning: the length that covers
	// most of the window counts.
	var resolution, most time.Duration
	for step, of := range points {
		n := len(of[fleet.Inbound][fleet.MeanRate]) + len(of[fleet.Outbound][fleet.MeanRate])
		if covered := step * time.Duration(n); covered > most {
			resolution, most = step, covered
		}
	}
	if most == 0 {
		if p.NewestSample != nil { // else the problem says so
			u.problem("no samples in the window")
		}
		return u
	}
	u.Resolution, u.MaxOf = new(model.Duration(resolution).String()), new("interval_means")
	expected := float64(to.Sub(from) / resolution)
	for direction, of := range points[resolution] {
		var means []float64
		var top fleet.Point
		above := 0
		for _, i := range of[fleet.MeanRate] {
			means = append(means, i.Value)
			if top.End.IsZero() || i.Value > top.Value {
				top = i
			}
			if p.Capacity != nil && i.Value > 0.8**p.Capacity {
				above++
			}
		}
		if len(means) == 0 {
			continue
		}
		for _, i := range of[fleet.MaxRate] {
			u.MaxOf = new("interval_maxima")
			if i.Value > top.Value || i.Value == top.Value && i.End.Before(top.End) {
				top = i
			}
		}
		p95, at, share := fleet.Percentile95(means), top.End.UTC(), min(1, float64(len(means))/expected)
		var hot *float64
		if p.Capacity != nil {
			hot = new(float64(above) / float64(len(means)))
		}
		if direction == fleet.Inbound {
			u.InP95, u.InMax, u.InMaxTime, u.InAbove80, u.InIntervals = p95, &top.Value, &at, hot, &share
		} else {
			u.OutP95, u.OutMax, u.OutMaxTime, u.OutAbove80, u.OutIntervals = p95, &top.Value, &at, hot, &share
		}
	}
	return u
}

func (u *usage) problem(text string) {
	if u.Problem != nil {
		text = *u.Problem + "; " + text
	}
	u.Problem = &text
}

func writeUsageJSON(w io.Writer, l list, _ Options) error { return encodeJSON(w, l.usage) }

func writeUsageCSV(w io.Writer, l list, _ Options) error {
	records := [][]string{{
		"account", "uuid", "name", "metro", "capacity_bits_per_second", "window_start", "window_end", "resolution",
		"in_p95_bits_per_second", "in_max_bits_per_second", "in_max_time", "in_above_80_percent_ratio", "in_intervals_ratio",
		"out_p95_bits_per_second", "out_max_bits_per_second", "out_max_time", "out_above_80_percent_ratio", "out_intervals_ratio",
		"max_of", "problem",
	}}
	same := func(text string) string { return text }
	for _, u := range l.usage {
		records = append(records, []string{
			cell(u.Account), cell(u.UUID), cell(u.Name), field(u.Metro, cell), field(u.Capacity, number),
			stamp(u.WindowStart), stamp(u.WindowEnd), field(u.Resolution, same),
			field(u.InP95, number), field(u.InMax, number), field(u.InMaxTime, stamp), field(u.InAbove80, number), field(u.InIntervals, number),
			field(u.OutP95, number), field(u.OutMax, number), field(u.OutMaxTime, stamp), field(u.OutAbove80, number), field(u.OutIntervals, number),
			field(u.MaxOf, same), field(u.Problem, cell),
		})
	}
	return encodeCSV(w, records)
}

// writeUsageTable has no room for the times of the maxima.
func writeUsageTable(w io.Writer, l list, o Options) error {
	window := " " + fleet.Window{Span: o.Window}.Label()
	rows := [][]string{{
		"NAME", "METRO", speedHeading(o.Units), "IN P95" + window, "MAX", ">80%", "OUT P95" + window, "MAX", ">80%", "DATA", "NOTE",
	}}
	percent := func(round func(float64) float64) func(float64) string { // 100 % and 0 % are exact
		return func(v float64) string { return number(round(v*1000)/10) + "%" }
	}
	for _, u := range l.usage {
		var notes []string
		if u.Resolution != nil && *u.Resolution != "5m" {
			notes = append(notes, *u.Resolution+" intervals")
		}
		if u.MaxOf != nil && *u.MaxOf == "interval_means" {
			notes = append(notes, "max of means")
		}
		if u.Problem != nil {
			notes = append(notes, *u.Problem)
		}
		data := u.InIntervals
		if data == nil || u.OutIntervals != nil && *u.OutIntervals < *data {
			data = u.OutIntervals
		}
		metro := absent
		if u.Metro != nil {
			metro = human.Cut(human.Printable(*u.Metro), maxMetro)
		}
		rows = append(rows, []string{
			human.Printable(u.Name), metro, rateText(u.Capacity, o.Units),
			rateText(u.InP95, o.Units), rateText(u.InMax, o.Units), cmp.Or(field(u.InAbove80, percent(math.Ceil)), absent),
			rateText(u.OutP95, o.Units), rateText(u.OutMax, o.Units), cmp.Or(field(u.OutAbove80, percent(math.Ceil)), absent),
			cmp.Or(field(data, percent(math.Floor)), absent), human.Cut(human.Printable(strings.Join(notes, "; ")), maxProblem),
		})
	}
	return writeRows(w, rows, 2, 3, 4, 5, 6, 7, 8, 9)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkWindow returns what is wrong with the flags of a report about a window.
func checkWindow(o Options) error {
	const day = 24 * time.Hour
	switch {
	case o.Window < day || o.Window > 90*day:
		return fmt.Errorf("--window=%s: give 1d to 90d", model.Duration(o.Window))
	case usageWriters[o.Format] == nil:
		return fmt.Errorf("--window has no --output=%s", o.Format)
	}
	return nil
}
