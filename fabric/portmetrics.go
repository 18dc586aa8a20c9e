package fabric

import (
	"context"
	"time"
)

// PortMetrics asks the v4 metrics for the traffic of a port between two times,
// both cut to seconds, with one search for both directions, drops and errors
// included. Ranges shorter than eight days are asked for in 5-minute intervals,
// longer ones in hours; the range is that of the intervals' ends.
//
// Only ports that are attached to a stream, with metrics enabled, have metrics;
// see [Client.StreamAssets]. Of others, as of a port whose data are late, the
// traffic is empty, which is no error. A part that the answer lacks is absent.
// Max is the highest mean of an interval, and there is no Last.
func (c *Client) PortMetrics(ctx context.Context, uuid string, from, to time.Time) (*Traffic, error) {
	t := new(Traffic)
	in, out := &t.Inbound, &t.Outbound
	resolution, err := c.metrics(ctx, "/fabric/v4/ports/", uuid, from, to, []target{
		{name: "equinix.fabric.port.bandwidth_rx.usage", rate: in},
		{name: "equinix.fabric.port.bandwidth_tx.usage", rate: out},
		{name: "equinix.fabric.port.packets_dropped_rx.count", counts: &in.Dropped},
		{name: "equinix.fabric.port.packets_dropped_tx.count", counts: &out.Dropped},
		{name: "equinix.fabric.port.packets_erred_rx.count", counts: &in.Errored},
		{name: "equinix.fabric.port.packets_erred_tx.count", counts: &out.Errored},
	})
	if err != nil {
		return nil, err
	}
	t.Resolution = resolution
	return t, nil
}
