package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
)

// Connection is one virtual connection, with only the fields that the exporter needs:
// no e-mail addresses, authentication keys or account numbers. Strings are "" and
// pointers nil if the API does not say.
type Connection struct {
	UUID              string // lower case
	Name              string
	Type              string // e.g. EVPL_VC
	State             string // lifecycle state
	Direction         string // INTERNAL, INCOMING or OUTGOING, as the account sees it
	OperationalStatus string // UP or DOWN
	EquinixStatus     string
	ProviderStatus    string
	MaintenanceStatus string   // e.g. SCHEDULED
	Bandwidth         *float64 // bit/s

	RedundancyGroup    string // lower case; the same for connections that are redundant to each other
	RedundancyPriority string // PRIMARY or SECONDARY

	ASidePort, ZSidePort string // port UUIDs, lower case; "" if that side is not a port
	ASide, ZSide         Side
	ZSideProfile         string // UUID of the service profile at the z-side, lower case
}

func (c Connection) id() string { return c.UUID }

// Side is one end of a connection, without the port that it is on.
type Side struct {
	Type  string // of the access point, e.g. COLO, SP, CLOUD_ROUTER
	Name  string // of the service profile, router, device, network, port or service token; else a UUID of one; else Type
	Metro string // code
	VLAN  string // 101, 100-199, or outer.inner
}

const connectionsPath = "/fabric/v4/connections"

// maxRefused is how many searches for a single port the API may refuse before every
// port counts as refused.
const maxRefused = 8

// PortConnections lists the connections of the ports, with one search for every
// hundred ports. It calls each once for each batch of ports, with the connections
// that have one of these ports on either side, or with an error. A connection between
// ports of two batches is in both batches; a connection that the API lists twice is
// passed on twice.
//
// If the API refuses a search, because of its size or a port in it, the batch is
// halved, until only single ports are refused. If the first eight single ports are
// refused and no search was answered, the account lacks the right, and each is called
// for all other ports with that error.
//
// each is called in the caller's goroutine, one batch after the other. The error is
// nil unless ctx ended; then each was not called for the remaining ports.
func (c *Client) PortConnections(ctx context.Context, ports []string, each func(ports []string, conns []Connection, err error)) error {
	batches := slices.Collect(slices.Chunk(distinct(ports), pageSize))
	answered, refused := false, 0
	for len(batches) > 0 {
		batch := batches[0]
		batches = batches[1:]
		conns, err := c.connectionsOn(ctx, batch)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refusesSearch(err) && len(batch) > 1 {
			half := (len(batch) + 1) / 2
			batches = append([][]string{batch[:half:half], batch[half:]}, batches...)
			continue
		}
		each(batch, conns, err)
		answered = answered || err == nil
		if refusesSearch(err) {
			refused++
		}
		if !answered && refused == maxRefused && len(batches) > 0 {
			each(slices.Concat(batches...), nil, err)
			return nil
		}
	}
	return nil
}

// refusesSearch reports whether the API refuses a search because of its size or a
// port in it, rather than because of missing rights or a missing API.
func refusesSearch(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op != OpSearchConnections || e.Fault || e.Quota {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return true
	}
	return false
}

// connectionsOn lists the connections that have one of the ports on either side.
func (c *Client) connectionsOn(ctx context.Context, ports []string) ([]Connection, error) {
	all, err := c.searchConnections(ctx, filter{Or: []condition{
		{"/aSide/accessPoint/port/uuid", "IN", ports},
		{"/zSide/accessPoint/port/uuid", "IN", ports},
	}})
	return slices.DeleteFunc(all, func(conn Connection) bool { // the filter may have been ignored
		return !slices.Contains(ports, conn.ASidePort) && !slices.Contains(ports, conn.ZSidePort)
	}), err
}

// Connections lists every connection that the credential may see, on ports or not. It
// yields the whole list, or only an error. A connection that the API lists twice is
// yielded twice.
func (c *Client) Connections(ctx context.Context) iter.Seq2[Connection, error] {
	return sequence(func() ([]Connection, error) { return c.searchConnections(ctx, filter{}) })
}

func (c *Client) searchConnections(ctx context.Context, f filter) ([]Connection, error) {
	// The default order is by the time of the last change, so a connection that
	// changes during the listing would move to another page.
	s := search{Filter: f, Sort: []sorting{{"/uuid", "ASC"}}}
	return list(OpSearchConnections, false, func(offset int) (page[Connection], error) {
		s.Pagination = pagination{Offset: offset, Limit: pageSize}
		return post(ctx, c, OpSearchConnections, connectionsPath+"/search", s, func(b []byte) (page[Connection], error) {
			return decodePage(c, OpSearchConnections, offset, b, (*connectionV4).connection)
		})
	})
}

// connectionV4 is a connection as the v4 API sends it. Every field is optional.
type connectionV4 struct {
	UUID      label  `json:"uuid"`
	Name      label  `json:"name"`
	Type      label  `json:"type"`
	State     label  `json:"state"`
	Direction label  `json:"direction"`
	Bandwidth amount `json:"bandwidth"` // Mbit/s
	Operation struct {
		OperationalStatus label `json:"operationalStatus"`
		EquinixStatus     label `json:"equinixStatus"`
		ProviderStatus    label `json:"providerStatus"`
		MaintenanceStatus label `json:"maintenanceStatus"`
	} `json:"operation"`
	Redundancy redundancyV4 `json:"redundancy"`
	ASide      sideV4       `json:"aSide"`
	ZSide      sideV4       `json:"zSide"`
}

type sideV4 struct {
	AccessPoint    accessPointV4 `json:"accessPoint"`
	ServiceToken   named         `json:"serviceToken"`
	InternetAccess named         `json:"internetAccess"`
}

type accessPointV4 struct {
	Type label `json:"type"`
	Name label `json:"name"`
	UUID label `json:"uuid"`
	Port struct {
		UUID label `json:"uuid"`
		Name label `json:"name"`
	} `json:"port"`
	Location struct {
		MetroCode label `json:"metroCode"`
	} `json:"location"`

	Profile         named `json:"profile"`
	Router          named `json:"router"`
	VirtualDevice   named `json:"virtualDevice"`
	Network         named `json:"network"`
	Interconnect    named `json:"interconnect"`
	Interconnection named `json:"interconnection"`
	VirtualNetwork  named `json:"virtualNetwork"`
	VLAN            vlan  `json:"linkProtocol"`
}

// named is an object with a name and a UUID. Both are "" if they cannot be read: a
// connection counts whatever the names at its ends are.
type named struct{ name, uuid label }

func (l *named) UnmarshalJSON(b []byte) error {
	var body struct {
		Name label `json:"name"`
		UUID label `json:"uuid"`
	}
	if json.Unmarshal(b, &body) == nil {
		*l = named{body.Name, body.UUID}
	}
	return nil
}

// vlan is the tag of a link, "101", the range of its tags, "100-199", or both
// tags of a QINQ link, outer and inner, "101.7". It is "" for an untagged link,
// and if it cannot be read.
type vlan string

func (v *vlan) UnmarshalJSON(b []byte) error {
	var link struct {
		Tag      text `json:"vlanTag"`
		TagMin   text `json:"vlanTagMin"`
		TagMax   text `json:"vlanTagMax"`
		Outer    text `json:"vlanSTag"`
		Inner    text `json:"vlanCTag"`
		InnerMin text `json:"vlanCTagMin"`
		InnerMax text `json:"vlanCTagMax"`
	}
	if json.Unmarshal(b, &link) != nil {
		return nil
	}
	outer := cmp.Or(link.Tag, link.Outer, span(link.TagMin, link.TagMax))
	inner := cmp.Or(link.Inner, span(link.InnerMin, link.InnerMax))
	*v = vlan(tidy(strings.Trim(string(outer+"."+inner), ".")))
	return nil
}

func span(first, last text) text {
	if first == last {
		return first
	}
	return text(strings.Trim(string(first+"-"+last), "-"))
}

func (c *connectionV4) connection() Connection {
	return Connection{
		UUID: uuid(c.UUID), Name: string(c.Name), Type: string(c.Type),
		State: string(c.State), Direction: string(c.Direction),
		OperationalStatus:  string(c.Operation.OperationalStatus),
		EquinixStatus:      string(c.Operation.EquinixStatus),
		ProviderStatus:     string(c.Operation.ProviderStatus),
		MaintenanceStatus:  string(c.Operation.MaintenanceStatus),
		Bandwidth:          c.Bandwidth.times(mbit),
		RedundancyGroup:    strings.ToLower(string(c.Redundancy.Group)),
		RedundancyPriority: string(c.Redundancy.Priority),
		ASidePort:          uuid(c.ASide.AccessPoint.Port.UUID),
		ZSidePort:          uuid(c.ZSide.AccessPoint.Port.UUID),
		ASide:              c.ASide.side(),
		ZSide:              c.ZSide.side(),
		ZSideProfile:       uuid(c.ZSide.AccessPoint.Profile.uuid),
	}
}

// side is one end. Its name is the name of the first object that has one, or else the
// first UUID, or else the type. The UUID of a service token is not shown: whoever
// knows it can connect with it.
func (s *sideV4) side() Side {
	p := &s.AccessPoint
	var name, id label
	for _, o := range []named{
		p.Profile, p.Router, p.VirtualDevice, p.Network, p.Interconnect, p.Interconnection, p.VirtualNetwork,
		{p.Port.Name, p.Port.UUID}, {p.Name, p.UUID}, {name: s.ServiceToken.name}, s.InternetAccess,
	} {
		name, id = cmp.Or(name, o.name), cmp.Or(id, o.uuid)
	}
	return Side{
		Type: string(p.Type), Name: string(cmp.Or(name, id, p.Type)),
		Metro: string(p.Location.MetroCode), VLAN: string(p.VLAN),
	}
}
