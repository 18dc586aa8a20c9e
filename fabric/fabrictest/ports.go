package fabrictest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	hrefBase        = "https://api.equinix.com/fabric/v4/"
	hrefPorts       = hrefBase + "ports/"
	hrefConnections = hrefBase + "connections/"
	hrefMetros      = hrefBase + "metros/"
	hrefProfiles    = hrefBase + "serviceProfiles/"
)

// noPorts is the answer if the account has no ports.
func noPorts() reply {
	return apiError(http.StatusBadRequest, "EQ-3046110", "ProjectID required.",
		"details", "ProjectId and ports are not found for the user")
}

// listPorts answers GET /fabric/v4/ports, in one page unless Options.PagePorts is
// set.
func (a *API) listPorts(c *call) reply {
	s := a.state.Load()
	ports := s.own()
	if len(ports) == 0 {
		return noPorts()
	}
	if name := c.http.URL.Query().Get("name"); name != "" {
		ports = slices.DeleteFunc(ports, func(p *Port) bool { return p.Name != name })
	}
	offset, limit := 0, max(onePage, len(ports))
	if a.opts.PagePorts {
		var flaw *flaw
		if offset, limit, flaw = queryPage(c, maxPage); flaw != nil {
			return invalidQuery(*flaw)
		}
	}
	return paginate(c, ports, offset, limit, s.portDoc)
}

var portView = view[Port]{defaultSort: "/uuid", properties: map[string]func(*Port) string{
	"/uuid": func(p *Port) string { return p.UUID },
	"/name": func(p *Port) string { return p.Name },
}}

func (a *API) searchPorts(c *call) reply {
	s := a.state.Load()
	ports := s.own()
	if len(ports) == 0 {
		return noPorts()
	}
	return search(c, portView, ports, s.portDoc)
}

// port answers for one port. Only this answer has the operational status of the port.
func (a *API) port(c *call) reply {
	p, refusal := a.readable(c.id)
	if p == nil {
		return refusal
	}
	return jsonReply(a.state.Load().fullPortDoc(p, p.OperationalStatus()))
}

// readable returns the port of a call, or the refusal if it may not be read.
func (a *API) readable(uuid string) (*Port, reply) {
	p := a.state.Load().ports[uuid]
	switch {
	case p == nil:
		return nil, notFound(uuid)
	case p.Foreign:
		return nil, forbidden()
	}
	return p, reply{}
}

func forbidden() reply {
	return apiError(http.StatusForbidden, "EQ-3142402", "Do not have permission to read this port",
		"help", "Ask the master administrator of the owning organization")
}

// portDoc is a port as the v4 lists show it: only its physical ports have an
// operational status.
func (s *state) portDoc(p *Port) object { return s.fullPortDoc(p, "") }

func (s *state) fullPortDoc(p *Port, operationalStatus string) object {
	u := s.usage[p.UUID]
	account, tag := accountDoc(p.AccountNumber, p.OrgID, p.Stringly), any(int64(0x8100))
	if p.Encapsulation == "QINQ" {
		tag = int64(0x9100)
	}
	if p.Stringly {
		tag = "0x8100"
	}
	priority := cmp.Or(p.Priority, PriorityPrimary)
	optic := p.optional(map[int64]string{
		1_000: "1000BASE_LX", 10_000: "10GBASE_LR", 100_000: "100GBASE_LR4", 400_000: "400GBASE_LR4",
	}[p.Speed])
	ibx := any(omit)
	var pack, redundancy, encapsulation, project any
	if !p.Sparse {
		ibx = orOmit(p.IBX)
		pack = object{"code", p.Package}
		redundancy = object{"enabled", p.Group != "", "group", p.optional(p.Group), "priority", priority}
		encapsulation = object{"type", p.Encapsulation, "tagProtocolId", tag}
		project = object{"projectId", p.ProjectID}
	}
	var links []object
	for _, l := range p.Links {
		status := StatusUp
		if l.Down {
			status = StatusDown
		}
		links = append(links, object{
			"uuid", l.UUID, "type", "XF_PHYSICAL_PORT", "state", p.State, "bandwidth", p.Speed, "interfaceSpeed", p.Speed,
			"interfaceType", optic, "operation", object{"operationalStatus", status},
			"tether", object{"cabinetNumber", "Demarc", "crossConnectId", l.CrossConnect, "patchPanel", nil},
		})
	}
	return object{
		"type", "XF_PORT", "href", hrefPorts + p.UUID, "uuid", p.UUID, "name", p.Name, "description", nil,
		"cvpId", "1000417", "state", p.State,
		"physicalPortsSpeed", p.Speed, "physicalPortsType", optic, "physicalPortsCount", len(p.Links),
		"connectivitySourceType", "COLO", "package", pack, "serviceCode", "CX",
		"operation", object{
			"operationalStatus", orOmit(operationalStatus), "connectionCount", u.connections, "evplVCCount", u.connections,
			"fgVCCount", 0, "accessVCCount", 0, "maintenanceStatus", p.optional(p.Maintenance), "lockEnabled", false,
		},
		"account", account,
		"bandwidth", p.Capacity(), "availableBandwidth", max(p.Capacity()-u.bandwidth, 0), "usedBandwidth", u.bandwidth,
		"location", append(locationDoc(p.Metro), "ibx", ibx),
		"demarcationPointIbx", p.optional(p.IBX), "tetherIbx", p.optional(p.IBX), "redundancy", redundancy,
		// The redundancy group of a device is a small number, the same in every metro, and not a pair of ports.
		"device", object{"name", "l2-" + strings.ToLower(p.IBX), "redundancy", object{"group", "1", "priority", priority}},
		"encapsulation", encapsulation, "lagEnabled", len(p.Links) > 1, "project", project, "physicalPorts", links,
		"changeLog", changeLogDoc("2021-07-20T17:12:38.000Z", nil),
	}
}

// optional is s, or null if s is "" or the port is sparse.
func (p *Port) optional(s string) any {
	if p.Sparse {
		return nil
	}
	return orNull(s)
}

func accountDoc(number, org int64, stringly bool) object {
	n, o := any(number), any(org)
	if stringly {
		n, o = strconv.FormatInt(number, 10), strconv.FormatInt(org, 10)
	}
	return object{
		"accountNumber", n, "accountName", nil, "orgId", o, "organizationName", "Example Networks", "globalOrgId", "0016u000003EXAMPLE",
	}
}

func locationDoc(code string) object {
	m := metroOf(code)
	return object{"metroHref", hrefMetros + m.code, "region", m.region, "metroName", m.name, "metroCode", m.code}
}

func changeLogDoc(created string, updated any) object {
	return object{"createdBy", "jdoe", "createdByEmail", "jdoe@example.com", "createdDateTime", created, "updatedDateTime", updated}
}

// userPortsV3 answers with a bare array. Bandwidths are in bit/s, although the
// documents say bytes.
func (a *API) userPortsV3(*call) reply {
	s := a.state.Load()
	docs := []object{}
	capitalised := func(s string) string { return s[:min(len(s), 1)] + strings.ToLower(s[min(len(s), 1):]) }
	for _, p := range s.own() {
		m := metroOf(p.Metro)
		status := p.State
		switch p.State {
		case StateActive:
			status = StateProvisioned
		case StateProvisioning:
			status = "ADDED"
		}
		links := []object{}
		for _, l := range p.Links {
			links = append(links, object{
				"bandwidth", p.Speed * 1e6, "crossConnectId", l.CrossConnect, "cabinetNumber", "Demarc", "patchPanelName", nil,
				"tagProtocolId", p.optional("0x8100"), "portProvisionStatus", StateProvisioned, "packageType", nil,
				"customerIbx", p.optional(p.IBX),
			})
		}
		docs = append(docs, object{
			"uuid", p.UUID, "name", p.Name, "provisionStatus", status, "region", m.region,
			"device", p.optional("0DE70000000000000000000000C0FFEE"), "totalBandwidth", p.Capacity() * 1e6,
			"buyout", p.Package != "STANDARD", "cvpId", "1000417",
			"custOrgId", strconv.FormatInt(p.OrgID, 10), "custOrgName", "Example Networks",
			"ibx", p.optional(p.IBX), "metroCode", m.code, "metroDescription", m.name,
			"deviceGroup", nil, "devicePriority", p.optional(capitalised(p.Priority)),
			"encapsulation", p.optional(capitalised(p.Encapsulation)),
			"createdDate", "2021-07-20 17:12:38.0", "lastUpdatedDate", "2024-02-02 08:30:00.0", "sharedPortType", "NA",
			"viewPortPermission", !p.Veiled, "placeVcOrderPermission", !p.Veiled, "hasConnection", s.usage[p.UUID].connections > 0, "projectId", p.optional(p.ProjectID),
			"userPorts", links, "layer3Enabled", true, "lag", len(p.Links) > 1,
		})
	}
	return jsonReply(docs)
}
