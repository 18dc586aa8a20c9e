package fabrictest

import (
	"math"
	"time"
)

// The metrics of ports and connections. rx is inbound and tx outbound: of a
// port from its own point of view, of a connection from its a-side.
const (
	MetricPortRx        = "equinix.fabric.port.bandwidth_rx.usage"
	MetricPortTx        = "equinix.fabric.port.bandwidth_tx.usage"
	MetricPortDroppedRx = "equinix.fabric.port.packets_dropped_rx.count"
	MetricPortDroppedTx = "equinix.fabric.port.packets_dropped_tx.count"
	MetricPortErredRx   = "equinix.fabric.port.packets_erred_rx.count"
	MetricPortErredTx   = "equinix.fabric.port.packets_erred_tx.count"

	MetricConnectionRx        = "equinix.fabric.connection.bandwidth_rx.usage"
	MetricConnectionTx        = "equinix.fabric.connection.bandwidth_tx.usage"
	MetricConnectionBytesRx   = "equinix.fabric.connection.byte_rx.count"
	MetricConnectionBytesTx   = "equinix.fabric.connection.byte_tx.count"
	MetricConnectionDroppedRA = "equinix.fabric.connection.packets_dropped_rx_aside_rateexceeded.count"
	MetricConnectionDroppedTA = "equinix.fabric.connection.packets_dropped_tx_aside_rateexceeded.count"
	MetricConnectionDroppedRZ = "equinix.fabric.connection.packets_dropped_rx_zside_rateexceeded.count"
	MetricConnectionDroppedTZ = "equinix.fabric.connection.packets_dropped_tx_zside_rateexceeded.count"
)

// subject is an asset whose metrics are asked for.
type subject struct {
	resource    resourceDoc
	stream      Stream
	stringly    bool
	metrics     []metric
	port        string    // decides how late the points are; "" where there are none
	since       time.Time // when the points begin
	in, out     *meter    // of a port
	there, back *flow     // of a connection: towards its z-side, and back from it
	inService   bool
}

type resourceDoc struct {
	Href  string `json:"href"`
	UUID  string `json:"uuid,omitempty"`
	Type  string `json:"type"`
	State string `json:"state,omitempty"`
	Name  string `json:"name"`
}

// metric is a kind of metric: what it counts in a five-minute interval, bytes
// where it is a rate.
type metric struct {
	name, unit string
	count      func(s *subject, end int64) int64
}

const (
	unitRate  = "bit/s"
	unitCount = "packets"
	unitBytes = "bytes"
)

var portMetrics = []metric{
	{MetricPortRx, unitRate, func(s *subject, end int64) int64 { return first(s.in.at(end)) }},
	{MetricPortTx, unitRate, func(s *subject, end int64) int64 { return first(s.out.at(end)) }},
	{MetricPortDroppedRx, unitCount, func(s *subject, end int64) int64 { return s.in.dropped(end) }},
	{MetricPortDroppedTx, unitCount, func(s *subject, end int64) int64 { return s.out.dropped(end) }},
	{MetricPortErredRx, unitCount, func(s *subject, end int64) int64 { return s.in.erred(end) }},
	{MetricPortErredTx, unitCount, func(s *subject, end int64) int64 { return s.out.erred(end) }},
}

var connectionMetrics = []metric{
	{MetricConnectionRx, unitRate, func(s *subject, end int64) int64 { return first(s.there.at(end)) }},
	{MetricConnectionTx, unitRate, func(s *subject, end int64) int64 { return first(s.back.at(end)) }},
	{MetricConnectionBytesRx, unitBytes, func(s *subject, end int64) int64 { return first(s.there.at(end)) }},
	{MetricConnectionBytesTx, unitBytes, func(s *subject, end int64) int64 { return first(s.back.at(end)) }},
	{MetricConnectionDroppedRA, unitCount, func(s *subject, end int64) int64 { return first(s.there.exceeded(end)) }},
	{MetricConnectionDroppedTA, unitCount, func(s *subject, end int64) int64 { return second(s.back.exceeded(end)) }},
	{MetricConnectionDroppedRZ, unitCount, func(s *subject, end int64) int64 { return first(s.back.exceeded(end)) }},
	{MetricConnectionDroppedTZ, unitCount, func(s *subject, end int64) int64 { return second(s.there.exceeded(end)) }},
}

func first(a, _ int64) int64  { return a }
func second(_, b int64) int64 { return b }

// metricNamed returns the metric of that name and whether there is one.
func metricNamed(metrics []metric, name string) (metric, bool) {
	for _, m := range metrics {
		if m.name == name {
			return m, true
		}
	}
	return metric{}, false
}

func (a *API) portSubject(p *Port) *subject {
	s := &subject{
		resource: resourceDoc{hrefPorts + p.UUID, p.UUID, "XF_PORT", p.State, p.Name},
		stream:   p.Stream, stringly: p.Stringly, metrics: portMetrics, port: p.UUID,
		in: newMeter(a.opts.Seed, p, Inbound), out: newMeter(a.opts.Seed, p, Outbound),
	}
	s.inService = p.State != StateProvisioning
	return s
}

func (a *API) connectionSubject(r *roster, c *Connection) *subject {
	s := &subject{
		resource: resourceDoc{hrefConnections + c.UUID, c.UUID, c.Type, c.State, c.Name},
		stream:   c.Stream, stringly: c.Stringly, metrics: connectionMetrics, since: c.Created,
		there: r.flow(a.opts.Seed, c, true), back: r.flow(a.opts.Seed, c, false),
	}
	s.inService = c.live() && len(s.there.legs) > 0
	if s.inService {
		s.port = s.there.home()
	}
	return s
}

// maxJitter bounds how long after its interval a point is stamped.
const maxJitter = 5 * time.Second

// jitter is how long after an interval of a port its points are stamped.
func (a *API) jitter(port string, end int64) time.Duration {
	u := unit(mix(hashString(a.opts.Seed, "jitter "+port) ^ uint64(end))) //nolint:gosec // any bits will do
	return time.Duration(u * float64(maxJitter)).Truncate(time.Millisecond)
}

// readMetric returns the points of a metric that are stamped within a window and
// known now. Their values are the means of the reading's samples.
func (a *API) readMetric(s *subject, m metric, w window, now time.Time) reading {
	r := noReading()
	if !s.inService {
		return r
	}
	i := a.intervals(s.port, w.from.Add(-maxJitter), w.to, w.resolution, now).after(s.since)
	sum := 0.0
	for end := i.first; end <= i.last; end += i.step {
		at := time.Unix(end, 0).Add(a.jitter(s.port, end)).UTC()
		if at.Before(w.from) || at.After(w.to) || at.After(now) {
			continue
		}
		v := m.value(s, end, i.step)
		r.samples = append(r.samples, Sample{End: at, Mean: v})
		sum += v
		if !(r.max >= v) { // true of NaN, too
			r.max = v
		}
	}
	if len(r.samples) > 0 {
		r.mean = sum / float64(len(r.samples))
	}
	return r
}

func (m metric) value(s *subject, end, step int64) float64 {
	var total int64
	for t := end - step + fiveMinutes; t <= end; t += fiveMinutes {
		total += m.count(s, t)
	}
	if m.unit == unitRate {
		return float64(total*8) / float64(step)
	}
	return float64(total)
}

// Datapoint is one interval of a metric: the mean rate in bit/s, or a count.
type Datapoint struct {
	End   time.Time // as stamped, up to five seconds after the interval
	Value float64
}

// MetricTruth returns the points of a metric of a port or a connection that the
// API would give at the time now for those stamped between from and to, both
// included, oldest first. It gives them of assets that are attached to no stream
// as well.
func (a *API) MetricTruth(uuid, name string, from, to time.Time, resolution time.Duration, now time.Time) []Datapoint {
	r := a.roster.Load()
	var s *subject
	if p := r.byUUID[uuid]; p != nil && !p.Foreign {
		s = a.portSubject(p)
	} else if c := r.connections[uuid]; c != nil {
		s = a.connectionSubject(r, c)
	} else {
		return nil
	}
	m, ok := metricNamed(s.metrics, name)
	if !ok {
		return nil
	}
	var points []Datapoint
	for _, sample := range a.readMetric(s, m, window{from, to, resolution}, now).samples {
		points = append(points, Datapoint{sample.End, sample.Mean})
	}
	return points
}

// summary is that of a reading, nil where it has none.
func (r reading) summary() any {
	if math.IsNaN(r.mean) {
		return nil
	}
	return struct {
		Mean float64 `json:"mean"`
		Max  float64 `json:"max"`
	}{r.mean, r.max}
}
