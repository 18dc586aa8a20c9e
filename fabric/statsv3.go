package fabric

import (
	"context"
	"net/http"
	"time"
)

// statsV3 is an answer of the v3 statistics. capacity is bit/s. The unit of the
// others is documented nowhere; it is Mbit/s: each published value, times 10⁶,
// makes a whole number of bytes in an hour, and no other unit does that.
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

// PortStatsV3 asks the v3 API for the traffic of a port between two times, both
// cut to seconds. Windows of up to 7 days have 5-minute intervals, longer ones
// up to 90 days have hours; the answer does not say which.
func (c *Client) PortStatsV3(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	path, err := assetPath(OpPortStatsV3, "/ecx/v3/stats/port/", uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDate", from, "endDate", to)
	var t *Traffic
	err = c.call(ctx, request{
		op: OpPortStatsV3, method: http.MethodGet, path: path + "?" + query.Encode(),
		decode: func(b []byte) (err error) {
			t, err = decodeStatsV3(b)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func decodeStatsV3(b []byte) (*Traffic, error) {
	var body statsV3
	if err := decode(OpPortStatsV3, "", b, &body); err != nil {
		return nil, err
	}
	if err := checkStats(OpPortStatsV3, b, body); err != nil {
		return nil, err
	}
	in, err := series(OpPortStatsV3, "inboundStats",
		summary{body.InboundMax, body.InboundAvg, body.InboundLastPolled}, body.InboundStats, mbit)
	if err != nil {
		return nil, err
	}
	out, err := series(OpPortStatsV3, "outboundStats",
		summary{body.OutboundMax, body.OutboundAvg, body.OutboundLastPolled}, body.OutboundStats, mbit)
	if err != nil {
		return nil, err
	}
	return &Traffic{Capacity: positive(body.Capacity.times(bit)), Inbound: in, Outbound: out}, nil
}
