package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// The sides of a connection, as the view point of [Client.ConnectionStats].
const (
	ASide = "aSide"
	ZSide = "zSide"
)

// PortStatsV3 asks the v3 API for the traffic of a port between two times, both
// cut to seconds. Windows of up to 7 days have 5-minute intervals, longer ones
// up to 90 days have hours; the answer does not say which.
func (c *Client) PortStatsV3(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	path, err := assetPath(OpPortStatsV3, "/ecx/v3/stats/port", uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDate", from, "endDate", to)
	return get(ctx, c, OpPortStatsV3, path+"?"+query.Encode(), decodeStatsV3)
}

// PortStatsV4 asks the v4 API for the traffic of a port between two times, both
// cut to seconds.
func (c *Client) PortStatsV4(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	path, err := assetPath(OpPortStatsV4, portsPath, uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDateTime", from, "endDateTime", to)
	return get(ctx, c, OpPortStatsV4, path+"/stats?"+query.Encode(), decodeStatsV4)
}

// ConnectionStats asks the v4 API for the traffic of a connection between two
// times, both cut to seconds, as seen from viewPoint, [ASide] or [ZSide].
func (c *Client) ConnectionStats(ctx context.Context, uuid, viewPoint string, from, to time.Time) (*Traffic, error) {
	if viewPoint != ASide && viewPoint != ZSide {
		return nil, fmt.Errorf("%s: view point %q is neither %s nor %s", OpConnectionStatsV4, viewPoint, ASide, ZSide)
	}
	path, err := assetPath(OpConnectionStatsV4, connectionsPath, uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDateTime", from, "endDateTime", to)
	query.Set("viewPoint", viewPoint)
	return get(ctx, c, OpConnectionStatsV4, path+"/stats?"+query.Encode(), decodeStatsV4)
}

// window is the query for what lies between two times.
func window(start string, from time.Time, end string, to time.Time) url.Values {
	return url.Values{
		start: {from.UTC().Format(stampLayout)},
		end:   {to.UTC().Format(stampLayout)},
	}
}

// statsV3 is an answer of the v3 statistics. capacity is in bit/s. The unit of the
// other values is not documented. It is Mbit/s: with this unit alone, each published
// value is a whole number of bytes in an hour.
type statsV3 struct {
	Capacity           number   `json:"capacity"`
	InboundMax         number   `json:"inboundMax"`
	InboundAvg         number   `json:"inboundAvg"`
	InboundLastPolled  number   `json:"inboundLastPolled"`
	InboundStats       []sample `json:"inboundStats"`
	OutboundMax        number   `json:"outboundMax"`
	OutboundAvg        number   `json:"outboundAvg"`
	OutboundLastPolled number   `json:"outboundLastPolled"`
	OutboundStats      []sample `json:"outboundStats"`
}

func decodeStatsV3(b []byte) (*Traffic, error) {
	var body statsV3
	if err := decodeStats(b, &body); err != nil {
		return nil, err
	}
	t := &Traffic{Capacity: positive(body.Capacity.times(bit))}
	in := directionV4{body.InboundMax, body.InboundAvg, body.InboundLastPolled, body.InboundStats}
	out := directionV4{body.OutboundMax, body.OutboundAvg, body.OutboundLastPolled, body.OutboundStats}
	var err error
	if t.Inbound, err = in.rates("inboundStats", mbit); err != nil {
		return nil, err
	}
	if t.Outbound, err = out.rates("outboundStats", mbit); err != nil {
		return nil, err
	}
	return t, nil
}

// statsV4 is an answer of the v4 statistics of a port or a connection: with the rates
// below stats, as the API sends them, or flat, as its schema says.
type statsV4 struct {
	Bandwidth   number      `json:"bandwidth"` // line rate of a port, Mbit/s
	Utilization utilization `json:"bandwidthUtilization"`
	Stats       struct {
		Utilization utilization `json:"bandwidthUtilization"`
	} `json:"stats"`
}

// utilization is an object with rates or, at the top level of some answers, the
// line rate in Mbit/s.
type utilization struct {
	lineRate number
	rates    *ratesV4
}

type ratesV4 struct {
	Unit           text        `json:"unit"`
	MetricInterval text        `json:"metricInterval"` // ISO 8601
	Inbound        directionV4 `json:"inbound"`
	Outbound       directionV4 `json:"outbound"`
}

type directionV4 struct {
	Max        number   `json:"max"`
	Mean       number   `json:"mean"`
	LastPolled number   `json:"lastPolled"`
	Metrics    []sample `json:"metrics"`
}

func (u *utilization) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return u.lineRate.UnmarshalJSON(b)
	}
	u.rates = new(ratesV4)
	return json.Unmarshal(b, u.rates)
}

func decodeStatsV4(b []byte) (*Traffic, error) {
	var body statsV4
	if err := decodeStats(b, &body); err != nil {
		return nil, err
	}
	t := &Traffic{Capacity: positive(body.Bandwidth.times(mbit))}
	if t.Capacity == nil {
		t.Capacity = positive(body.Utilization.lineRate.times(mbit))
	}
	rates, at := body.Stats.Utilization.rates, "stats.bandwidthUtilization"
	if rates == nil {
		rates, at = body.Utilization.rates, "bandwidthUtilization"
	}
	if rates == nil {
		return t, nil
	}
	unit, err := rateUnit(cmp.Or(string(rates.Unit), "Mbps"))
	if err != nil {
		return nil, &DecodeError{Path: at + ".unit", Err: err}
	}
	t.Resolution = isoDuration(string(rates.MetricInterval))
	if t.Inbound, err = rates.Inbound.rates(at+".inbound.metrics", unit); err != nil {
		return nil, err
	}
	if t.Outbound, err = rates.Outbound.rates(at+".outbound.metrics", unit); err != nil {
		return nil, err
	}
	return t, nil
}

// decodeStats decodes b into v, a pointer to a struct. An answer without any key of
// the struct is an error: it has no statistics, which is not the same as no traffic.
func decodeStats[S statsV3 | statsV4](b []byte, v *S) error {
	if err := decode(b, v); err != nil {
		return err
	}
	if !reflect.ValueOf(*v).IsZero() {
		return nil
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(b, &keys) == nil {
		for field := range reflect.TypeFor[S]().Fields() {
			for key := range keys {
				if strings.EqualFold(key, field.Tag.Get("json")) {
					return nil
				}
			}
		}
	}
	return &DecodeError{Err: fmt.Errorf("statistics: %w", errMissing)}
}

// sample is one interval of either API. Windows have hundreds of them, so it is
// small and nothing in it is allocated.
type sample struct {
	Time         stamp  `json:"time"`                 // v3
	EndDateTime  stamp  `json:"intervalEndDateTime"`  // v4 as it answers
	EndTimestamp stamp  `json:"intervalEndTimestamp"` // v4 as its schema says
	Max          number `json:"max"`
	Mean         number `json:"mean"`
}

// end is the time of the sample, with the name of its field.
func (s *sample) end() (string, stamp) {
	switch {
	case s.EndDateTime != stamp{}:
		return "intervalEndDateTime", s.EndDateTime
	case s.EndTimestamp != stamp{}:
		return "intervalEndTimestamp", s.EndTimestamp
	default:
		return "time", s.Time
	}
}

// rates converts one direction. at is the path of the samples; errors add the index
// of the sample.
func (d *directionV4) rates(at string, unit float64) (Rates, error) {
	out := Rates{Max: d.Max.times(unit), Mean: d.Mean.times(unit), Last: d.LastPolled.times(unit)}
	if len(d.Metrics) > 0 {
		out.Points = make([]Point, 0, len(d.Metrics))
	}
	highest := -1.0
	for i := range d.Metrics {
		s := &d.Metrics[i]
		mean, hasMean := s.Mean.in(unit)
		top, hasTop := s.Max.in(unit)
		if hasTop {
			highest = max(highest, top)
		}
		if s.Mean.implausible(unit) || s.Max.implausible(unit) {
			out.Implausible++
		}
		if !hasMean {
			continue
		}
		if !hasTop {
			top = mean
		}
		field, end := s.end()
		if err := end.check(); err != nil {
			return Rates{}, &DecodeError{Path: fmt.Sprintf("%s[%d].%s", at, i, field), Err: err}
		}
		out.Points = append(out.Points, Point{Time: end.time(), Mean: mean, Max: top, KnowsMax: hasTop})
	}
	if out.Max == nil && highest >= 0 {
		out.Max = &highest
	}
	return out, nil
}
