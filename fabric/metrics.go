package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

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

// metricSummary is a metric over the whole range: an object, or the text that
// the schema promises. What cannot be read of it is absent, not an error, since
// the schema does not say what the text holds.
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

// target is where a metric goes: the series of a rate, or the counts of a
// counter.
type target struct {
	name   string
	rate   *Rates
	counts *[]Count
}

// metric is a metric in the units of this package. target is nil where nobody
// asked for it.
type metric struct {
	name       string
	target     *target
	resolution time.Duration
	series     Rates
	counts     []Count
}

// coarse is the length of a range from which on it is asked for in hours. The
// sources beside this one change after seven days; the eighth leaves room for
// callers whose week overlaps the one before.
const coarse = 8 * 24 * time.Hour

// maxPoints is more intervals than an asset has in 90 days, all metrics together.
const maxPoints = 60_000

func metricInterval(from, to time.Time) string {
	if to.Sub(from) < coarse {
		return "PT5M"
	}
	return "PT1H"
}

// metrics fills the targets with what one search says of an asset, and returns
// the resolution of the rates, 0 where the answer does not state it. After an
// error the targets are half full.
func (c *Client) metrics(ctx context.Context, collection, asset string, from, to time.Time, targets []target) (resolution time.Duration, err error) {
	subject, err := assetPath(OpSearchMetrics, collection, asset)
	if err != nil {
		return 0, err
	}
	s := metricSearch(subject, from, to, targets)
	points := 0
	fetch := func(offset int) (p page[metric], err error) {
		s.Pagination.Offset = offset
		err = c.post(ctx, OpSearchMetrics, "/fabric/v4/metrics/search", s, func(b []byte) (err error) {
			p, err = decodeMetrics(b, uuid(asset), targets)
			return err
		})
		for _, m := range p.items {
			points += len(m.series.Points) + len(m.counts)
		}
		if points > maxPoints {
			err = &DecodeError{Op: OpSearchMetrics, Path: "data", Err: fmt.Errorf("has more than %d datapoints in all", maxPoints)}
		}
		return p, err
	}
	key := func(m metric) string { return m.name }
	all, err := listing[metric]{op: OpSearchMetrics, key: key, fetch: fetch, repeats: true}.read()
	if err != nil {
		return 0, err
	}
	for _, m := range all {
		if m.target == nil {
			continue
		}
		m.target.add(m)
		if m.target.rate != nil {
			resolution = cmp.Or(resolution, m.resolution)
		}
	}
	for _, t := range targets {
		t.complete()
	}
	return resolution, nil
}

func metricSearch(subject string, from, to time.Time, targets []target) search {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.name
	}
	return search{
		Filter: filter{And: []condition{
			is("/subject", subject), // the API takes no more than one
			in("/name", names),
			between("/dataPoints/endDateTime", from.UTC().Format(stampLayout), to.UTC().Format(stampLayout)),
			// Left to itself the API chooses by the range, and does not say how.
			is("/interval", metricInterval(from, to)),
		}},
		Pagination: pagination{Limit: pageSize}, // of metrics, not of their points
	}
}

// decodeMetrics reads one page of an answer about an asset.
func decodeMetrics(b []byte, asset string, targets []target) (page[metric], error) {
	var body struct {
		Pagination paginationV4 `json:"pagination"`
		Data       []metricV4   `json:"data"`
	}
	if err := decode(OpSearchMetrics, "", b, &body); err != nil {
		return page[metric]{}, err
	}
	if body.Data == nil && toldError(b) != "" { // a port without data may have no list, but not an error
		return page[metric]{}, &DecodeError{Op: OpSearchMetrics, Path: "data", Err: errMissing}
	}
	p := page[metric]{items: make([]metric, len(body.Data)), total: body.Pagination.total()}
	for i := range body.Data {
		raw, m := &body.Data[i], &p.items[i]
		m.name = string(raw.Name)
		wanted := slices.IndexFunc(targets, func(t target) bool { return t.name == m.name })
		if owner := raw.Resource.UUID; wanted < 0 || owner != "" && uuid(owner) != asset {
			continue // the filter was ignored
		}
		m.target = &targets[wanted]
		if err := raw.convert(m, fmt.Sprintf("data[%d]", i)); err != nil {
			return page[metric]{}, err
		}
	}
	return p, nil
}

// convert fills m. at is the path of the metric in the answer.
func (raw *metricV4) convert(m *metric, at string) (err error) {
	m.resolution = isoDuration(string(raw.Interval))
	if m.target.rate == nil {
		m.counts, err = values(at, raw.Datapoints, 1, func(end time.Time, n float64) Count { return Count{End: end, N: n} })
		return err
	}
	unit, err := rateUnit(cmp.Or(string(raw.Unit), "bit/s"))
	if err != nil {
		return &DecodeError{Op: OpSearchMetrics, Path: at + ".unit", Err: err}
	}
	for i := range raw.Datapoints {
		if raw.Datapoints[i].Value.odd(unit) {
			m.series.Implausible++
		}
	}
	m.series.Max, m.series.Mean = raw.Summary.Max.times(unit), raw.Summary.Mean.times(unit)
	m.series.Points, err = values(at, raw.Datapoints, unit, func(end time.Time, mean float64) Point { return Point{Time: end, Mean: mean, Max: mean} })
	return err
}

// values converts the intervals that have a value.
func values[T any](at string, raw []datapoint, unit float64, value func(end time.Time, v float64) T) ([]T, error) {
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
			return nil, &DecodeError{Op: OpSearchMetrics, Path: fmt.Sprintf("%s.datapoints[%d].endDateTime", at, i), Err: err}
		}
		out = append(out, value(end.time(), v))
	}
	return out, nil
}

// add takes m over. A metric that comes in parts is the sum of its points,
// under the summary of the first part.
func (t *target) add(m metric) {
	if t.rate == nil {
		*t.counts = extend(*t.counts, m.counts)
		return
	}
	t.rate.Max, t.rate.Mean = cmp.Or(t.rate.Max, m.series.Max), cmp.Or(t.rate.Mean, m.series.Mean)
	t.rate.Points = extend(t.rate.Points, m.series.Points)
	t.rate.Implausible += m.series.Implausible
}

// complete finds the maximum of a rate that came without one. The API's own is
// the highest mean too.
func (t *target) complete() {
	if t.rate == nil || t.rate.Max != nil || len(t.rate.Points) == 0 {
		return
	}
	top := slices.MaxFunc(t.rate.Points, func(a, b Point) int { return cmp.Compare(a.Mean, b.Mean) })
	t.rate.Max = &top.Mean
}

// extend is append, but does not copy more into nothing.
func extend[T any](s, more []T) []T {
	if s == nil {
		return more
	}
	return append(s, more...)
}
