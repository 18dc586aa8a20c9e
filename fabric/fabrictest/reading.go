package fabrictest

import (
	"math"
	"time"
)

// Sample is one interval of traffic. Mean and Max are in Mbit/s, the unit of the API,
// and exactly the floats in its answers.
type Sample struct {
	End       time.Time // of the interval, UTC
	Mean, Max float64
}

// Datapoint is one interval of a metric: the mean rate in bit/s, or a count.
type Datapoint struct {
	End   time.Time // as the API gives it, up to five seconds after the interval
	Value float64
}

// The sides of a connection, as values of a view point.
const (
	ASide = "aSide"
	ZSide = "zSide"
)

const (
	maxFiveMinuteSpan = 7 * 24 * time.Hour  // the longest window with five-minute intervals
	maxSpan           = 90 * 24 * time.Hour // the longest window, and how long intervals are kept
	maxJitter         = 5 * time.Second     // the time of a metric point is at most so long after its interval
)

// Truth returns the samples of a port that the API would give at the time now for the
// window between from and to, oldest first. The resolution is five minutes or an
// hour; the API uses an hour for windows of more than seven days. As in the API, the
// window includes both ends and begins with the interval that contains from, and the
// newest samples are missing by the delay of the port, and those that the API no longer
// keeps. A port that is unknown,
// foreign or not yet provisioned has no samples.
func (a *API) Truth(uuid string, d Direction, from, to time.Time, resolution time.Duration, now time.Time) []Sample {
	return a.read(a.subject(uuid), d, window{from, to, resolution}, now).samples
}

// ConnectionTruth returns the samples of a connection that the API would give at the
// time now, seen from ASide or ZSide, as [API.Truth] does for a port. A connection
// has traffic, from its creation on, if it uses bandwidth of an own port, or of a router
// or device at its a-side; a change of
// its state or bandwidth changes its past traffic too.
func (a *API) ConnectionTruth(uuid, viewPoint string, d Direction, from, to time.Time, resolution time.Duration, now time.Time) []Sample {
	return a.Truth(uuid, seenFrom(viewPoint, d), from, to, resolution, now)
}

// MetricTruth returns the points of a metric of a port or a connection that the API
// would give at the time now with times from from to to, both included, oldest first.
// It does not check whether the asset is attached to a stream.
func (a *API) MetricTruth(uuid, name string, from, to time.Time, resolution time.Duration, now time.Time) []Datapoint {
	s := a.subject(uuid)
	if s == nil {
		return nil
	}
	var points []Datapoint
	for _, m := range s.metrics {
		if m.name == name {
			for _, sample := range a.readMetric(s, m, window{from, to, resolution}, now).samples {
				points = append(points, Datapoint{sample.End, sample.Mean})
			}
		}
	}
	return points
}

// subject is a port or a connection with its traffic.
type subject struct {
	asset

	home    string    // the port whose delay applies; "" without traffic
	since   time.Time // when the traffic begins
	in, out counter   // as seen from the a-side of a connection
	metrics []metric
}

// counter returns how many bytes passed in the five-minute interval with the given
// end, and how many would pass at its highest rate.
type counter func(end int64) (mean, high int64)

func (c counter) bytes(end int64) int64 {
	mean, _ := c(end)
	return mean
}

// metric is a kind of metric: its count in a five-minute interval, in bytes if its
// unit is a rate.
type metric struct {
	name, unit string
	count      func(end int64) int64
}

// subject is the own port or the connection with that UUID; nil if it is unknown.
func (a *API) subject(uuid string) *subject {
	s := a.state.Load()
	if p := s.ports[uuid]; p != nil && !p.Foreign {
		in, out := newMeter(a.opts.Seed, p, Inbound), newMeter(a.opts.Seed, p, Outbound)
		sub := &subject{asset: p.asset(), in: in.at, out: out.at, metrics: []metric{
			{MetricPortRx, unitRate, counter(in.at).bytes}, {MetricPortTx, unitRate, counter(out.at).bytes},
			{MetricPortDroppedRx, unitPackets, in.dropped}, {MetricPortDroppedTx, unitPackets, out.dropped},
			{MetricPortErredRx, unitPackets, in.erred}, {MetricPortErredTx, unitPackets, out.erred},
		}}
		if p.State != StateProvisioning {
			sub.home = uuid
		}
		return sub
	}
	c := s.connections[uuid]
	if c == nil {
		return nil
	}
	in, out := s.flow(a.opts.Seed, c, true), s.flow(a.opts.Seed, c, false)
	sub := &subject{asset: c.asset(), since: c.Created, in: in.at, out: out.at, metrics: []metric{
		{MetricConnectionRx, unitRate, counter(in.at).bytes}, {MetricConnectionTx, unitRate, counter(out.at).bytes},
		{MetricConnectionBytesRx, unitBytes, counter(in.at).bytes}, {MetricConnectionBytesTx, unitBytes, counter(out.at).bytes},
		{MetricConnectionDroppedRA, unitPackets, in.droppedEntering}, {MetricConnectionDroppedTA, unitPackets, out.droppedLeaving},
		{MetricConnectionDroppedRZ, unitPackets, out.droppedEntering}, {MetricConnectionDroppedTZ, unitPackets, in.droppedLeaving},
	}}
	if c.live() && len(in.legs) > 0 {
		sub.home = in.legs[0].port.UUID
	}
	return sub
}

// seenFrom converts a direction as seen from a side of a connection to the direction
// as seen from its a-side.
func seenFrom(viewPoint string, d Direction) Direction {
	if viewPoint == ZSide {
		return Inbound + Outbound - d
	}
	return d
}

// window is the time range of a call.
type window struct {
	from, to   time.Time
	resolution time.Duration
}

// reading is the API's statistics of one direction in a window. NaN stands for null.
type reading struct {
	samples         []Sample
	max, mean, last float64
}

// read reads the traffic of a subject in one direction; s may be nil.
func (a *API) read(s *subject, d Direction, w window, now time.Time) reading {
	if s == nil || s.home == "" {
		return summarize(nil)
	}
	at := s.in
	if d == Outbound {
		at = s.out
	}
	i := a.intervals(s, w, now)
	list := make([]Sample, 0, max((i.last-i.first)/i.step+1, 0))
	for end := i.first; end <= i.last; end += i.step {
		list = append(list, at.sample(end, i.step))
	}
	r := summarize(list)
	if last := i.last - floorMod(i.last, fiveMinutes); last >= i.first {
		r.last = at.sample(last, fiveMinutes).Mean
	}
	return r
}

// readMetric returns the points of a metric with times in a window that are known
// now, as the means of samples.
func (a *API) readMetric(s *subject, m metric, w window, now time.Time) reading {
	if s.home == "" {
		return summarize(nil)
	}
	var list []Sample
	i := a.intervals(s, window{w.from.Add(-maxJitter), w.to, w.resolution}, now)
	for end := i.first; end <= i.last; end += i.step {
		u := unit(mix(hashString(a.opts.Seed, "jitter "+s.home) ^ uint64(end))) //nolint:gosec // any bits will do
		at := time.Unix(end, 0).Add(time.Duration(u * float64(maxJitter)).Truncate(time.Millisecond)).UTC()
		if at.Before(w.from) || at.After(w.to) || at.After(now) {
			continue
		}
		var total int64
		for t := end - i.step + fiveMinutes; t <= end; t += fiveMinutes {
			total += m.count(t)
		}
		v := float64(total)
		if m.unit == unitRate {
			v = float64(total*8) / float64(i.step)
		}
		list = append(list, Sample{End: at, Mean: v, Max: v})
	}
	return summarize(list)
}

func summarize(list []Sample) reading {
	r := reading{samples: list, max: math.NaN(), mean: math.NaN(), last: math.NaN()}
	if len(list) == 0 {
		return r
	}
	sum, top := 0.0, math.Inf(-1)
	for _, s := range list {
		sum, top = sum+s.Mean, max(top, s.Max)
	}
	r.mean, r.max = sum/float64(len(list)), top
	return r
}

// intervals are the intervals of a window: the end of the first, the end of the last
// or a time before the next end, and the length, all in seconds.
type intervals struct{ first, last, step int64 }

// intervals returns the intervals of a window that are known for a subject now.
func (a *API) intervals(s *subject, w window, now time.Time) intervals {
	share := 1.0/6 + 5.0/6*unit(hashString(a.opts.Seed, "delay "+s.home))
	delay := time.Duration(share * float64(a.opts.Lateness)).Truncate(time.Second)
	step, from := int64(w.resolution/time.Second), w.from.Unix()
	kept := now.Add(-maxSpan)
	if w.resolution < time.Hour {
		kept = now.Add(-a.opts.KeepFiveMinutes)
	}
	i := intervals{from - floorMod(from, step), min(w.to.Unix(), now.Add(-delay).Unix()), step}
	if i.first < kept.Unix() {
		i.first = kept.Unix() - floorMod(kept.Unix(), step) + step
	}
	if u := unix(s.since); i.first <= u {
		i.first = u - floorMod(u, step) + step
	}
	return i
}

// sample combines the five-minute intervals of a longer one: the mean of their means
// and the highest of their maxima.
func (c counter) sample(end, step int64) Sample {
	var total, high int64
	for t := end - step + fiveMinutes; t <= end; t += fiveMinutes {
		b, h := c(t)
		total += b
		high = max(high, h)
	}
	mbps := func(bytes, seconds int64) float64 { return float64(bytes*8) / float64(seconds*1e6) }
	return Sample{End: time.Unix(end, 0).UTC(), Mean: mbps(total, step), Max: mbps(high, fiveMinutes)}
}
