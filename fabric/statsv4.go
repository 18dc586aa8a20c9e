package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// statsV4 is an answer of the v4 statistics of a port or a connection: as the API sends it, with the
// rates below stats, or flat, as its schema says.
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

// PortStatsV4 asks the v4 API for the traffic of a port between two times, both
// cut to seconds.
func (c *Client) PortStatsV4(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	path, err := assetPath(OpPortStatsV4, "/fabric/v4/ports/", uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDateTime", from, "endDateTime", to)
	var t *Traffic
	err = c.call(ctx, request{
		op: OpPortStatsV4, method: http.MethodGet, path: path + "/stats?" + query.Encode(),
		decode: func(b []byte) (err error) {
			t, err = decodeStatsV4(OpPortStatsV4, b)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeStatsV4(op string, b []byte) (*Traffic, error) {
	var body statsV4
	if err := decode(op, "", b, &body); err != nil {
		return nil, err
	}
	if err := checkStats(op, b, body); err != nil {
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
		return nil, &DecodeError{Op: op, Path: at + ".unit", Err: err}
	}
	t.Resolution = isoDuration(string(rates.MetricInterval))
	if t.Inbound, err = rates.Inbound.series(op, at+".inbound.metrics", unit); err != nil {
		return nil, err
	}
	if t.Outbound, err = rates.Outbound.series(op, at+".outbound.metrics", unit); err != nil {
		return nil, err
	}
	return t, nil
}

func (d *directionV4) series(op, at string, unit float64) (Rates, error) {
	return series(op, at, summary{d.Max, d.Mean, d.LastPolled}, d.Metrics, unit)
}

// rateUnit is a unit of the v4 API in bit/s. Case matters: MBps would be bytes. A unit that is
// not known is an error, since a wrong rate is worse than none.
func rateUnit(unit string) (float64, error) {
	switch unit {
	case "Mbps", "Mbit/s":
		return mbit, nil
	case "bit/s", "bps":
		return bit, nil
	case "Kbps", "kbps", "kbit/s":
		return kbit, nil
	case "Gbps", "Gbit/s":
		return gbit, nil
	}
	return 0, fmt.Errorf("unknown unit %q", oneLine(unit, len(unit)+1))
}
