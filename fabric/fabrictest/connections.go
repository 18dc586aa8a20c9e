package fabrictest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// connection answers for one connection.
func (a *API) connection(c *call) reply {
	conn := a.state.Load().connections[c.id]
	if conn == nil {
		return notFound(c.id)
	}
	return jsonReply(connectionDoc(conn))
}

var connectionView = view[Connection]{
	defaultSort: "/changeLog/updatedDateTime", // the default of the API; connections that change move to another page
	properties: map[string]func(*Connection) string{
		"/uuid":                        func(c *Connection) string { return c.UUID },
		"/name":                        func(c *Connection) string { return c.Name },
		"/changeLog/updatedDateTime":   func(c *Connection) string { return v4Time(c.Updated) },
		"/aSide/accessPoint/port/uuid": func(c *Connection) string { return c.ASide.Port },
		"/zSide/accessPoint/port/uuid": func(c *Connection) string { return c.ZSide.Port },
	},
}

func (a *API) searchConnections(c *call) reply {
	all := a.state.Load().fleet.Connections
	items := make([]*Connection, len(all))
	for i := range all {
		items[i] = &all[i]
	}
	return search(c, connectionView, items, connectionDoc)
}

// connectionDoc is a connection as v4 shows it, including e-mail addresses and keys,
// which a client must not show.
func connectionDoc(c *Connection) object {
	change, info := any(omit), any(omit)
	var operation, order, bandwidth, redundancy, project any
	if !c.Sparse {
		if c.Change.Type != "" {
			data := any(omit)
			if c.Change.Bandwidth != 0 {
				data = object{"op", "replace", "path", "/bandwidth", "value", c.Change.Bandwidth}
			}
			change = object{
				"type", c.Change.Type, "status", c.Change.Status,
				"createdDateTime", v4Time(c.Change.Requested), "updatedDateTime", v4Time(c.Change.Updated), "data", data,
			}
		}
		if c.ZSide.Profile != "" {
			info = []object{{"key", "accessKey", "value", c.ZSide.key()}}
		}
		operation = object{
			"providerStatus", c.ProviderStatus, "equinixStatus", c.EquinixStatus,
			"operationalStatus", orOmit(c.OperationalStatus()), "maintenanceStatus", orOmit(c.Maintenance),
		}
		order = object{"purchaseOrderNumber", cmp.Or(c.PurchaseOrder, "PO-1001"), "billingTier", billingTier(c.Bandwidth)}
		bandwidth = c.Bandwidth
		if c.Group != "" {
			redundancy = object{"group", c.Group, "priority", c.Priority}
		}
		project = object{"projectId", c.ProjectID}
	}
	return object{
		"type", c.Type, "href", hrefConnections + c.UUID, "uuid", c.UUID, "name", c.Name, "state", c.State,
		"operation", operation, "change", change, "order", order,
		"notifications", []object{{"type", "ALL", "emails", c.emails()}},
		"account", accountDoc(c.AccountNumber, c.OrgID, c.Stringly),
		"changeLog", changeLogDoc(v4Time(c.Created), v4Time(c.Updated)),
		"bandwidth", bandwidth, "redundancy", redundancy, "isRemote", c.Remote, "direction", c.Direction,
		"aSide", sideDoc(&c.ASide), "zSide", sideDoc(&c.ZSide), "project", project, "additionalInfo", info,
	}
}

func sideDoc(s *Side) object {
	var port, link any
	profile, key := any(omit), any(omit)
	if s.Port != "" {
		port = object{"href", hrefPorts + s.Port, "uuid", s.Port, "name", s.Name}
	}
	if s.VLAN != 0 {
		link = object{"type", "DOT1Q", "vlanTag", s.VLAN}
	}
	if s.Profile != "" {
		doc := object{"type", "L2_PROFILE", "name", s.Profile}
		if p := profileNamed(s.Profile); p != nil {
			doc = object{"href", hrefProfiles + p.uuid, "type", "L2_PROFILE", "uuid", p.uuid, "name", s.Profile}
		}
		profile, key = doc, s.key()
	}
	end := func(is bool) any { // an end that is neither a port nor a provider; most such ends have no name
		if !is {
			return omit
		}
		return object{"uuid", s.UUID, "name", orOmit(s.Name)}
	}
	return object{
		"serviceToken", end(s.Token),
		"accessPoint", object{
			"type", s.Type, "location", locationDoc(s.Metro), "port", port,
			"virtualDevice", end(s.Type == "VD"), "router", end(s.Type == "CLOUD_ROUTER"), "network", end(s.Type == "NETWORK"),
			"interconnect", end(s.Type == "XF_IC"), "profile", profile, "linkProtocol", link, "authenticationKey", key,
		},
	}
}

// key is the authorization key of the side, which a client must not show.
func (s *Side) key() string { return cmp.Or(s.Key, "not-for-your-eyes") }

// emails are the people who are notified of the connection.
func (c *Connection) emails() []string {
	if c.Emails == nil {
		return []string{"noc@example.com", "jdoe@example.com"}
	}
	return c.Emails
}

// billingTier is the billing tier of a bandwidth in Mbit/s.
func billingTier(mbps int64) string {
	if mbps < 1_000 {
		return "Up to " + strconv.FormatInt(mbps, 10) + " Mbps"
	}
	return "Up to " + strconv.FormatInt(mbps/1_000, 10) + " Gbps"
}

// buyerConnections answers v3, whose pages count from 0 and whose totals count items.
func (a *API) buyerConnections(c *call) reply {
	size, number := intQuery(c, "pageSize", defaultPage), intQuery(c, "pageNumber", 0)
	if size < 1 || size > 1000 || number < 0 {
		return jsonReply([]object{v3Error("Invalid value", "pageSize")}, http.StatusBadRequest)
	}
	statuses := strings.FieldsFunc(c.http.URL.Query().Get("status"), func(r rune) bool { return r == ',' })
	s := a.state.Load()
	found := slices.DeleteFunc(slices.Clone(s.fleet.Connections), func(c Connection) bool {
		p := s.ports[c.ASide.Port]
		return !c.inV3() || p != nil && p.Veiled || len(statuses) > 0 && !slices.Contains(statuses, c.EquinixStatus)
	})
	content := []object{}
	for i := number * size; i < min((number+1)*size, len(found)); i++ {
		content = append(content, buyerDoc(&found[i]))
	}
	return jsonReply(object{
		"isFirstPage", number == 0, "isLastPage", (number+1)*size >= len(found), "totalCount", len(found),
		"pageSize", size, "pageNumber", number, "content", content,
	})
}

// inV3 reports whether v3 lists the connection: those of ports and virtual devices that
// the account has ordered. Cloud routers came after v3.
func (c *Connection) inV3() bool {
	return c.Direction != "INCOMING" && (c.ASide.Port != "" || c.ASide.Type == "VD")
}

func buyerDoc(c *Connection) object {
	speed, unit, tag := any(c.Bandwidth), any("MB"), any(c.ASide.VLAN)
	if c.Bandwidth >= 1_000 && c.Bandwidth%1_000 == 0 {
		speed, unit = c.Bandwidth/1_000, "GB"
	}
	if c.Stringly {
		speed, tag = fmt.Sprint(speed), strconv.Itoa(c.ASide.VLAN)
	}
	var priority any
	if c.Group != "" {
		priority = strings.ToLower(c.Priority)
	}
	status, provider := any(c.EquinixStatus), any(c.ProviderStatus)
	if c.Sparse {
		speed, unit, status, provider = nil, nil, nil, nil
	}
	device := any(omit)
	if c.ASide.Type == "VD" {
		device = c.ASide.UUID
	}
	key, service := any(omit), any(omit)
	if c.ZSide.Profile != "" {
		key = c.ZSide.key()
		if p := profileNamed(c.ZSide.Profile); p != nil {
			service = p.uuid
		}
	}
	return object{
		"uuid", c.UUID, "name", c.Name, "buyerOrganizationName", "Example Networks", "vlanSTag", tag,
		"portUUID", orNull(c.ASide.Port), "portName", orNull(c.ASide.Name), "virtualDeviceUUID", device, "asideEncapsulation", "dot1q",
		"metroCode", c.ASide.Metro, "metroDescription", metroOf(c.ASide.Metro).name,
		"providerStatus", provider, "status", status, "billingTier", billingTier(c.Bandwidth),
		"authorizationKey", key, "speed", speed, "speedUnit", unit,
		"redundancyType", priority, "redundancyGroup", orNull(c.Group),
		"sellerMetroCode", c.ZSide.Metro, "sellerMetroDescription", metroOf(c.ZSide.Metro).name,
		"sellerServiceName", orOmit(c.ZSide.Profile), "sellerServiceUUID", service,
		"sellerOrganizationName", "Seller of " + c.ZSide.Metro, "purchaseOrderNumber", cmp.Or(c.PurchaseOrder, "PO-1001"),
		"notifications", c.emails(), "createdDate", v4Time(c.Created), "createdBy", "jdoe", "createdByEmail", "jdoe@example.com",
		"lastUpdatedDate", v4Time(c.Updated), "zSidePortName", orNull(c.ZSide.Name), "zSidePortUUID", orNull(c.ZSide.Port),
		"zSideVlanSTag", c.ZSide.VLAN, "remote", c.Remote, "private", false, "self", c.Direction == "INTERNAL",
	}
}
