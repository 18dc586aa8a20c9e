package fabric

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// connectionV4 is a connection as the v4 API sends it. Every field is optional.
type connectionV4 struct {
	UUID      text   `json:"uuid"`
	Name      label  `json:"name"`
	Type      label  `json:"type"`
	State     label  `json:"state"`
	Bandwidth amount `json:"bandwidth"` // Mbit/s
	Operation struct {
		EquinixStatus  label `json:"equinixStatus"`
		ProviderStatus label `json:"providerStatus"`
	} `json:"operation"`
	ASide sideV4 `json:"aSide"`
	ZSide sideV4 `json:"zSide"`
}

type sideV4 struct {
	AccessPoint struct {
		Port struct {
			UUID label `json:"uuid"`
		} `json:"port"`
	} `json:"accessPoint"`
}

func (c *connectionV4) connection() Connection {
	return Connection{
		UUID: uuid(c.UUID), Name: string(c.Name), Type: string(c.Type), State: string(c.State),
		EquinixStatus:  string(c.Operation.EquinixStatus),
		ProviderStatus: string(c.Operation.ProviderStatus),
		Bandwidth:      c.Bandwidth.times(mbit),
		ASidePort:      uuid(c.ASide.AccessPoint.Port.UUID),
		ZSidePort:      uuid(c.ZSide.AccessPoint.Port.UUID),
	}
}

// Connections lists the connections that have one of the ports on either side.
// It yields the whole list or an error alone, never a part: a listing that
// changes while it is read is read again, twice at most. The ports go into one
// search, which the API may refuse for its size; see [Client.PortConnections].
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

const maxGatherings = 3 // of one listing that changes under way

// gather reads a listing of connections until it holds still.
func (c *Client) gather(ctx context.Context, ports []string) ([]Connection, error) {
	if len(ports) == 0 {
		return nil, nil
	}
	for n := 1; ; n++ {
		connections, err := c.gatherOnce(ctx, ports)
		if err == nil || !errors.Is(err, errUnsteady) || n == maxGatherings {
			return connections, err
		}
	}
}

func (c *Client) gatherOnce(ctx context.Context, ports []string) ([]Connection, error) {
	asked := make(map[string]bool, len(ports))
	for _, p := range ports {
		asked[p] = true
	}
	l := c.connectionListing(ctx, ports)
	seen := make(map[string]bool)
	var out []Connection
	for conn, err := range l.all() {
		if err != nil {
			return nil, err
		}
		if seen[conn.UUID] {
			return nil, l.unsteady("data", "a connection appears twice")
		}
		seen[conn.UUID] = true
		if asked[conn.ASidePort] || asked[conn.ZSidePort] { // the filter may have been ignored
			out = append(out, conn)
		}
	}
	return slices.Clip(out), nil
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
			p, err = decodePage(OpSearchConnections, b, (*connectionV4).connection, key)
			return err
		})
		return p, err
	}
	return listing[Connection]{op: OpSearchConnections, key: key, fetch: fetch, steady: true}
}
