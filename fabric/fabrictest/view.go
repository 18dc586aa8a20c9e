package fabrictest

import (
	"strconv"
	"strings"
)

var portView = view[Port]{
	operators: []string{"=", "!=", "IN", "NOT IN", "LIKE", "ILIKE"},
	// The documented default sorts by the name of the device, which the
	// simulation does not know; the UUID is as arbitrary.
	defaultSort: []sortTerm{{Property: "/uuid", Direction: "DESC"}},
	properties: map[string]func(*Port) string{
		"/uuid":               func(p *Port) string { return p.UUID },
		"/name":               func(p *Port) string { return p.Name },
		"/state":              func(p *Port) string { return p.State },
		"/location/metroCode": func(p *Port) string { return p.Metro },
		"/location/metroName": func(p *Port) string { return metroOf(p.Metro).name },
		"/project/projectId":  func(p *Port) string { return p.ProjectID },
	},
}

var connectionView = view[Connection]{
	numbers:   []string{"/bandwidth", "/account/orgId"},
	operators: []string{"=", "!=", "IN", "LIKE", "ILKE"}, // so the schema spells it
	// Unstable while connections change between pages; the API's choice.
	defaultSort: []sortTerm{{Property: "/changeLog/updatedDateTime", Direction: "DESC"}},
	properties: map[string]func(*Connection) string{
		"/*":                                    everything,
		"/uuid":                                 func(c *Connection) string { return c.UUID },
		"/name":                                 func(c *Connection) string { return c.Name },
		"/type":                                 func(c *Connection) string { return c.Type },
		"/state":                                func(c *Connection) string { return c.State },
		"/bandwidth":                            func(c *Connection) string { return strconv.FormatInt(c.Bandwidth, 10) },
		"/direction":                            func(c *Connection) string { return c.Direction },
		"/isRemote":                             func(c *Connection) string { return strconv.FormatBool(c.Remote) },
		"/account/orgId":                        func(c *Connection) string { return strconv.FormatInt(c.OrgID, 10) },
		"/project/projectId":                    func(c *Connection) string { return c.ProjectID },
		"/operation/equinixStatus":              func(c *Connection) string { return c.EquinixStatus },
		"/operation/providerStatus":             func(c *Connection) string { return c.ProviderStatus },
		"/change/status":                        func(c *Connection) string { return c.Change.Status },
		"/redundancy/group":                     func(c *Connection) string { return c.Group },
		"/redundancy/priority":                  func(c *Connection) string { return c.Priority },
		"/changeLog/createdDateTime":            func(c *Connection) string { return v4Time(c.Created) },
		"/changeLog/updatedDateTime":            func(c *Connection) string { return v4Time(c.Updated) },
		"/aSide/accessPoint/type":               func(c *Connection) string { return c.ASide.Type },
		"/zSide/accessPoint/profile/uuid":       profileUUID,
		"/zSide/accessPoint/type":               func(c *Connection) string { return c.ZSide.Type },
		"/aSide/accessPoint/port/uuid":          func(c *Connection) string { return c.ASide.Port },
		"/zSide/accessPoint/port/uuid":          func(c *Connection) string { return c.ZSide.Port },
		"/aSide/accessPoint/port/name":          func(c *Connection) string { return c.ASide.Name },
		"/zSide/accessPoint/port/name":          func(c *Connection) string { return c.ZSide.Name },
		"/aSide/accessPoint/location/metroCode": func(c *Connection) string { return c.ASide.Metro },
		"/zSide/accessPoint/location/metroCode": func(c *Connection) string { return c.ZSide.Metro },
		"/aSide/accessPoint/location/metroName": func(c *Connection) string { return metroOf(c.ASide.Metro).name },
		"/zSide/accessPoint/location/metroName": func(c *Connection) string { return metroOf(c.ZSide.Metro).name },
	},
}

func profileUUID(c *Connection) string {
	if p := profileNamed(c.ZSide.Profile); p != nil {
		return p.uuid
	}
	return ""
}

// everything is what the property /* searches.
func everything(c *Connection) string {
	return strings.Join([]string{
		c.Name, c.UUID, c.State, c.ASide.Name, c.ZSide.Name,
		metroOf(c.ASide.Metro).name, metroOf(c.ZSide.Metro).name, c.ZSide.Profile,
	}, " ")
}

func (a *API) searchPorts(c *call) reply {
	r := a.roster.Load()
	ports := r.own()
	if len(ports) == 0 {
		return noPorts()
	}
	return search(a, c, portView, ports, func(p *Port) portDoc { return newPortDoc(p, r.usage[p.UUID]) })
}

func (a *API) searchConnections(c *call) reply {
	cs := a.roster.Load().fleet.Connections
	items := make([]*Connection, len(cs))
	for i := range cs {
		items[i] = &cs[i]
	}
	return search(a, c, connectionView, items, newConnectionDoc)
}
