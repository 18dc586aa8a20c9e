package fabric

import (
	"context"
	"iter"
	"slices"
)

// Connections lists the connections that have one of the ports on either side.
// It yields the whole list or an error alone, never a part. A connection that
// the API lists twice comes twice. The ports go into one search, which the API may
// refuse for its size; see [Client.PortConnections].
func (c *Client) Connections(ctx context.Context, ports []string) iter.Seq2[Connection, error] {
	return func(yield func(Connection, error) bool) {
		connections, err := c.gather(ctx, distinct(ports))
		if err != nil {
			yield(Connection{}, err)
			return
		}
		for _, conn := range connections {
			if !yield(conn, nil) {
				return
			}
		}
	}
}

// gather reads a listing of connections.
func (c *Client) gather(ctx context.Context, ports []string) ([]Connection, error) {
	if len(ports) == 0 {
		return nil, nil
	}
	all, err := c.connectionListing(ctx, ports).read()
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(ports))
	for _, p := range ports {
		asked[p] = true
	}
	all = slices.DeleteFunc(all, func(conn Connection) bool { // the filter may have been ignored
		return !asked[conn.ASidePort] && !asked[conn.ZSidePort]
	})
	return slices.Clip(all), nil
}

func (c *Client) connectionListing(ctx context.Context, ports []string) listing[Connection] {
	key := func(conn Connection) string { return conn.UUID }
	fetch := func(offset int) (p page[Connection], err error) {
		s := search{
			Filter: filter{Or: []condition{
				in("/aSide/accessPoint/port/uuid", ports),
				in("/zSide/accessPoint/port/uuid", ports),
			}},
			// The default order is by the time of the last change, which moves
			// connections from page to page while they are read.
			Sort:       []sorting{{Property: "/uuid", Direction: "ASC"}},
			Pagination: pagination{Offset: offset, Limit: pageSize},
		}
		err = c.post(ctx, OpSearchConnections, "/fabric/v4/connections/search", s, func(b []byte) (err error) {
			p, err = decodePage(c, OpSearchConnections, offset, b, (*connectionV4).connection, key)
			return err
		})
		return p, err
	}
	return listing[Connection]{op: OpSearchConnections, key: key, fetch: fetch}
}
