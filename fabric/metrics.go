package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// PortMetrics asks the v4 metrics for the traffic of a port between two times, both
// cut to seconds, with one search for both directions, dropped packets and packets
// with errors. The intervals are 5 minutes if the range is shorter than eight days,
// else one hour; an interval belongs to the range if its end does.
//
// Only ports that are attached to a stream, with metrics enabled, have metrics; see
// [Client.StreamAssets]. For other ports, and while data are late, the traffic is
// empty, which is not an error. A metric that the answer lacks is absent. Max is the
// highest mean of an interval; Last is absent.
func (c *Client) PortMetrics(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	const port = "equinix.fabric.port."
	const rx, tx = port + "bandwidth_rx.usage", port + "bandwidth_tx.usage"
	const droppedRx, droppedTx = port + "packets_dropped_rx.count", port + "packets_dropped_tx.count"
	const erredRx, erredTx = port + "packets_erred_rx.count", port + "packets_erred_tx.count"
	m, err := c.metrics(ctx, portsPath, uuid, from, to, rx, tx, droppedRx, droppedTx, erredRx, erredTx)
	if err != nil {
		return nil, err
	}
	t := &Traffic{Resolution: cmp.Or(m[rx].resolution, m[tx].resolution), Inbound: m[rx].rates, Outbound: m[tx].rates}
	t.Inbound.Dropped, t.Inbound.Errored = m[droppedRx].counts, m[erredRx].counts
	t.Outbound.Dropped, t.Outbound.Errored = m[droppedTx].counts, m[erredTx].counts
	return t, nil
}

// ConnectionMetrics asks the v4 metrics for the traffic of a connection and the
// packets that its sides dropped, like [Client.PortMetrics] for a port. The API does
// not say which side inbound and outbound are seen from.
func (c *Client) ConnectionMetrics(ctx context.Context, uuid string, from, to time.Time) (*ConnectionTraffic, error) {
	const connection = "equinix.fabric.connection."
	const rx, tx = connection + "bandwidth_rx.usage", connection + "bandwidth_tx.usage"
	const dropped, exceeded = connection + "packets_dropped_", "_rateexceeded.count"
	const aRx, aTx = dropped + "rx_aside" + exceeded, dropped + "tx_aside" + exceeded
	const zRx, zTx = dropped + "rx_zside" + exceeded, dropped + "tx_zside" + exceeded
	m, err := c.metrics(ctx, connectionsPath, uuid, from, to, rx, tx, aRx, aTx, zRx, zTx)
	if err != nil {
		return nil, err
	}
	return &ConnectionTraffic{
		Traffic: Traffic{Resolution: cmp.Or(m[rx].resolution, m[tx].resolution), Inbound: m[rx].rates, Outbound: m[tx].rates},
		ASide:   Drops{Inbound: m[aRx].counts, Outbound: m[aTx].counts},
		ZSide:   Drops{Inbound: m[zRx].counts, Outbound: m[zTx].counts},
	}, nil
}

// metric is a metric in the units of this package: rates, or counts if its name
// ends in .count.
type metric struct {
	name       string
	resolution time.Duration
	rates      Rates
	counts     []Count
}

func (m metric) id() string { return m.name }

// coarse is the length of a range from which the intervals are hours. The other
// sources change after seven days; the eighth day is for callers whose week overlaps
// the week before.
const coarse = 8 * 24 * time.Hour

// maxPoints is more intervals than an asset has in 90 days, all metrics together.
const maxPoints = 60_000

// metrics searches for the named metrics of an asset.
func (c *Client) metrics(ctx context.Context, collection, asset string, from, to time.Time, names ...string) (map[string]metric, error) {
	subject, err := assetPath(OpSearchMetrics, collection, asset)
	if err != nil {
		return nil, err
	}
	interval := "PT5M"
	if to.Sub(from) >= coarse {
		interval = "PT1H"
	}
	s := search{
		Filter: filter{And: []condition{
			{"/subject", "=", []string{subject}}, // the API takes no more than one
			{"/name", "IN", names},
			{"/dataPoints/endDateTime", "BETWEEN", []string{from.UTC().Format(stampLayout), to.UTC().Format(stampLayout)}},
			// Without it the API chooses by the range, in an undocumented way.
			{"/interval", "=", []string{interval}},
		}},
		Pagination: pagination{Limit: pageSize}, // of metrics, not of their points
	}
	points := 0
	all, err := list(OpSearchMetrics, true, func(offset int) (page[metric], error) {
		s.Pagination.Offset = offset
		p, err := post(ctx, c, OpSearchMetrics, "/fabric/v4/metrics/search", s, func(b []byte) (page[metric], error) {
			return decodeMetrics(b, uuid(asset), names)
		})
		for _, m := range p.items {
			points += len(m.rates.Points) + len(m.counts)
		}
		if points > maxPoints {
			err = &DecodeError{Op: OpSearchMetrics, Path: "data", Err: fmt.Errorf("has more than %d datapoints in all", maxPoints)}
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	found := map[string]metric{}
	for _, m := range all {
		// A metric that comes in parts is the sum of its points, under the summary
		// of the first part.
		if first, again := found[m.name]; again {
			first.counts = append(first.counts, m.counts...)
			first.rates.Max, first.rates.Mean = cmp.Or(first.rates.Max, m.rates.Max), cmp.Or(first.rates.Mean, m.rates.Mean)
			first.rates.Points = append(first.rates.Points, m.rates.Points...)
			first.rates.Implausible += m.rates.Implausible
			m = first
		}
		found[m.name] = m
	}
	for name, m := range found {
		if m.rates.Max == nil && len(m.rates.Points) > 0 { // the API's maximum is also the highest mean
			top := slices.MaxFunc(m.rates.Points, func(a, b Point) int { return cmp.Compare(a.Mean, b.Mean) })
			m.rates.Max = &top.Mean
			found[name] = m
		}
	}
	return found, nil
}

// metricV4 is one metric of one asset, as the v4 API sends it.
type metricV4 struct {
	Name     text `json:"name"`
	Unit     text `json:"unit"`
	Interval text `json:"interval"` // ISO 8601
	Resource struct {
		UUID text `json:"uuid"`
	} `json:"resource"`
	Summary    metricSummary `json:"summary"`
	Datapoints []datapoint   `json:"datapoints"`
}

// datapoint is one interval of a metric. Answers have thousands of them, so it
// is small and nothing in it is allocated.
type datapoint struct {
	EndDateTime stamp  `json:"endDateTime"`
	Value       number `json:"value"`
}

// metricSummary is a metric over the whole range: an object, or the text that the
// schema promises. A part that cannot be read is absent, not an error, since the
// schema does not say what the text holds.
type metricSummary struct {
	Max  number `json:"max"`
	Mean number `json:"mean"`
}

func (s *metricSummary) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var inner string
		if err := json.Unmarshal(b, &inner); err != nil {
			return err
		}
		b = []byte(inner)
	}
	type plain metricSummary // without this method
	if json.Unmarshal(b, (*plain)(s)) != nil {
		*s = metricSummary{}
	}
	return nil
}

// decodeMetrics decodes one page of an answer about an asset. A metric that was not
// asked for is left empty: the API ignored the filter.
func decodeMetrics(b []byte, asset string, names []string) (page[metric], error) {
	var body struct {
		Pagination paginationV4 `json:"pagination"`
		Data       []metricV4   `json:"data"`
	}
	if err := decode(b, &body); err != nil {
		return page[metric]{}, err
	}
	if body.Data == nil && errorText(b) != "" { // a port without data may have no list; an error text is another matter
		return page[metric]{}, &DecodeError{Path: "data", Err: errMissing}
	}
	p := page[metric]{items: make([]metric, len(body.Data)), records: len(body.Data), total: count(body.Pagination.Total)}
	for i := range body.Data {
		raw, m := &body.Data[i], &p.items[i]
		m.name = string(raw.Name)
		if owner := raw.Resource.UUID; !slices.Contains(names, m.name) || owner != "" && uuid(owner) != asset {
			continue
		}
		if err := raw.convert(m, fmt.Sprintf("data[%d]", i)); err != nil {
			return page[metric]{}, err
		}
	}
	return p, nil
}

// convert fills m. at is the path of the metric in the answer.
func (raw *metricV4) convert(m *metric, at string) (err error) {
	if strings.HasSuffix(m.name, ".count") {
		m.counts, err = intervals(at, raw.Datapoints, 1, func(end time.Time, n float64) Count { return Count{End: end, N: n} })
		return err
	}
	unit, err := rateUnit(cmp.Or(string(raw.Unit), "bit/s"))
	if err != nil {
		return &DecodeError{Path: at + ".unit", Err: err}
	}
	m.resolution = isoDuration(string(raw.Interval))
	for i := range raw.Datapoints {
		if raw.Datapoints[i].Value.implausible(unit) {
			m.rates.Implausible++
		}
	}
	m.rates.Max, m.rates.Mean = raw.Summary.Max.times(unit), raw.Summary.Mean.times(unit)
	m.rates.Points, err = intervals(at, raw.Datapoints, unit, func(end time.Time, mean float64) Point { return Point{Time: end, Mean: mean, Max: mean} })
	return err
}

// intervals converts the datapoints that have a value.
func intervals[T any](at string, raw []datapoint, unit float64, convert func(end time.Time, v float64) T) ([]T, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	out := make([]T, 0, len(raw))
	for i := range raw {
		v, ok := raw[i].Value.in(unit)
		if !ok {
			continue
		}
		end := raw[i].EndDateTime
		if err := end.check(); err != nil {
			return nil, &DecodeError{Path: fmt.Sprintf("%s.datapoints[%d].endDateTime", at, i), Err: err}
		}
		out = append(out, convert(end.time(), v))
	}
	return out, nil
}
