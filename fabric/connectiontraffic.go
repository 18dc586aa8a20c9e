package fabric

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// The sides of a connection that [Client.ConnectionStats] may look from.
const (
	ASide = "aSide"
	ZSide = "zSide"
)

// ConnectionTraffic is what the v4 metrics say of one connection. Its series
// have neither Dropped nor Errored: packets are dropped at a side.
type ConnectionTraffic struct {
	Traffic
	ASide, ZSide Drops
}

// Drops are the packets that one side of a connection dropped because they
// exceeded its bandwidth; nil where the answer has none.
type Drops struct{ Inbound, Outbound []Count }

// ConnectionStats asks the v4 API for the traffic of a connection between two
// times, both cut to seconds, as seen from viewPoint, [ASide] or [ZSide].
func (c *Client) ConnectionStats(ctx context.Context, uuid, viewPoint string, from, to time.Time) (*Traffic, error) {
	if viewPoint != ASide && viewPoint != ZSide {
		return nil, fmt.Errorf("%s: view point %q is neither %s nor %s", OpConnectionStatsV4, viewPoint, ASide, ZSide)
	}
	path, err := assetPath(OpConnectionStatsV4, "/fabric/v4/connections/", uuid)
	if err != nil {
		return nil, err
	}
	query := window("startDateTime", from, "endDateTime", to)
	query.Set("viewPoint", viewPoint)
	var t *Traffic
	err = c.call(ctx, request{
		op: OpConnectionStatsV4, method: http.MethodGet, path: path + "/stats?" + query.Encode(),
		decode: func(b []byte) (err error) {
			t, err = decodeStatsV4(OpConnectionStatsV4, b)
			return err
		},
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// ConnectionMetrics asks the v4 metrics for the traffic of a connection, and
// what its sides dropped, as [Client.PortMetrics] does for a port. The API does
// not say which side inbound and outbound are seen from.
func (c *Client) ConnectionMetrics(ctx context.Context, uuid string, from, to time.Time) (*ConnectionTraffic, error) {
	const dropped, exceeded = "equinix.fabric.connection.packets_dropped_", "_rateexceeded.count"
	t := new(ConnectionTraffic)
	resolution, err := c.metrics(ctx, "/fabric/v4/connections/", uuid, from, to, []target{
		{name: "equinix.fabric.connection.bandwidth_rx.usage", rate: &t.Inbound},
		{name: "equinix.fabric.connection.bandwidth_tx.usage", rate: &t.Outbound},
		{name: dropped + "rx_aside" + exceeded, counts: &t.ASide.Inbound},
		{name: dropped + "tx_aside" + exceeded, counts: &t.ASide.Outbound},
		{name: dropped + "rx_zside" + exceeded, counts: &t.ZSide.Inbound},
		{name: dropped + "tx_zside" + exceeded, counts: &t.ZSide.Outbound},
	})
	if err != nil {
		return nil, err
	}
	t.Resolution = resolution
	return t, nil
}
