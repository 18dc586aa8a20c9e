package fabrictest

import (
	"cmp"
	"net/http"
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

// portDoc is a port as v4 shows it. Members of type any change their JSON type
// from port to port; pointers are null on sparse ports.
type portDoc struct {
	Type                   string            `json:"type"`
	Href                   string            `json:"href"`
	UUID                   string            `json:"uuid"`
	Name                   string            `json:"name"`
	Description            *string           `json:"description"`
	CvpID                  string            `json:"cvpId"`
	State                  string            `json:"state"`
	PhysicalPortsSpeed     int64             `json:"physicalPortsSpeed"`
	PhysicalPortsType      *string           `json:"physicalPortsType"`
	PhysicalPortsCount     int               `json:"physicalPortsCount"`
	ConnectivitySourceType string            `json:"connectivitySourceType"`
	Package                *codeDoc          `json:"package"`
	ServiceCode            string            `json:"serviceCode"`
	Operation              portOperationDoc  `json:"operation"`
	Account                accountDoc        `json:"account"`
	Bandwidth              int64             `json:"bandwidth"`
	AvailableBandwidth     int64             `json:"availableBandwidth"`
	UsedBandwidth          int64             `json:"usedBandwidth"`
	Location               locationDoc       `json:"location"`
	DemarcationPointIBX    *string           `json:"demarcationPointIbx"`
	TetherIBX              *string           `json:"tetherIbx"`
	Redundancy             *redundancyDoc    `json:"redundancy"`
	Device                 deviceDoc         `json:"device"`
	Encapsulation          *encapsulationDoc `json:"encapsulation"`
	LAGEnabled             bool              `json:"lagEnabled"`
	Project                *projectDoc       `json:"project"`
	PhysicalPorts          []physicalPortDoc `json:"physicalPorts"`
	ChangeLog              changeLogDoc      `json:"changeLog"`
}

type codeDoc struct {
	Code string `json:"code"`
}

type projectDoc struct {
	ProjectID string `json:"projectId"`
}

type portOperationDoc struct {
	OperationalStatus string  `json:"operationalStatus,omitempty"` // the lists leave it out
	ConnectionCount   int     `json:"connectionCount"`
	EVPLVCCount       int     `json:"evplVCCount"`
	FGVCCount         int     `json:"fgVCCount"`
	AccessVCCount     int     `json:"accessVCCount"`
	MaintenanceStatus *string `json:"maintenanceStatus"`
	LockEnabled       bool    `json:"lockEnabled"`
}

type accountDoc struct {
	AccountNumber    any     `json:"accountNumber"`
	AccountName      *string `json:"accountName"`
	OrgID            any     `json:"orgId"`
	OrganizationName string  `json:"organizationName"`
	GlobalOrgID      string  `json:"globalOrgId"`
}

type locationDoc struct {
	MetroHref string  `json:"metroHref"`
	Region    string  `json:"region"`
	MetroName string  `json:"metroName"`
	MetroCode string  `json:"metroCode"`
	IBX       *string `json:"ibx,omitempty"`
}

type redundancyDoc struct {
	Enabled  *bool   `json:"enabled,omitempty"`
	Group    *string `json:"group"`
	Priority string  `json:"priority"`
}

// deviceDoc is the device that a port is on. The group of its redundancy is a small
// number that ports of any metro have; it has nothing to do with their pairs.
type deviceDoc struct {
	Name       string        `json:"name"`
	Redundancy redundancyDoc `json:"redundancy"`
}

type encapsulationDoc struct {
	Type          string `json:"type"`
	TagProtocolID any    `json:"tagProtocolId"`
}

type physicalPortDoc struct {
	UUID           string         `json:"uuid"`
	Type           string         `json:"type"`
	State          string         `json:"state"`
	Bandwidth      int64          `json:"bandwidth"`
	InterfaceSpeed int64          `json:"interfaceSpeed"`
	InterfaceType  *string        `json:"interfaceType"`
	Operation      linkOperation  `json:"operation"`
	Tether         map[string]any `json:"tether"`
}

type linkOperation struct {
	OperationalStatus string `json:"operationalStatus"`
}

type changeLogDoc struct {
	CreatedBy       string  `json:"createdBy"`
	CreatedByEmail  string  `json:"createdByEmail"`
	CreatedDateTime string  `json:"createdDateTime"`
	UpdatedDateTime *string `json:"updatedDateTime"`
}

// interfaceTypes are the optics that go with a speed.
var interfaceTypes = map[int64]string{1_000: "1000BASE_LX", 10_000: "10GBASE_LR", 100_000: "100GBASE_LR4", 400_000: "400GBASE_LR4"}

// newPortDoc is the port as the lists show it: without an operational status of
// its own, which only its physical ports have.
func newPortDoc(p *Port, u usage) portDoc {
	interfaceType := p.optional(interfaceTypes[p.Speed])
	doc := portDoc{
		Type: "XF_PORT", Href: hrefPorts + p.UUID, UUID: p.UUID, Name: p.Name, CvpID: "1000417", State: p.State,
		PhysicalPortsSpeed: p.Speed, PhysicalPortsType: interfaceType, PhysicalPortsCount: len(p.Links),
		ConnectivitySourceType: "COLO", ServiceCode: "CX",
		Operation: portOperationDoc{
			ConnectionCount: u.connections, EVPLVCCount: u.connections, MaintenanceStatus: p.optional(p.Maintenance),
		},
		Account:   newAccountDoc(p.AccountNumber, p.OrgID, p.Stringly),
		Bandwidth: p.Capacity(), UsedBandwidth: u.bandwidth, AvailableBandwidth: max(p.Capacity()-u.bandwidth, 0),
		Location:   newLocationDoc(p.Metro, p.optional(p.IBX)),
		TetherIBX:  p.optional(p.IBX),
		LAGEnabled: len(p.Links) > 1,
		Device: deviceDoc{
			Name:       "l2-" + strings.ToLower(p.IBX),
			Redundancy: redundancyDoc{Group: new("1"), Priority: cmp.Or(p.Priority, PriorityPrimary)},
		},
		ChangeLog: changeLogDoc{CreatedBy: "jdoe", CreatedByEmail: "jdoe@example.com", CreatedDateTime: "2021-07-20T17:12:38.000Z"},
	}
	doc.DemarcationPointIBX = doc.TetherIBX
	for _, l := range p.Links {
		doc.PhysicalPorts = append(doc.PhysicalPorts, physicalPortDoc{
			UUID: l.UUID, Type: "XF_PHYSICAL_PORT", State: p.State, Bandwidth: p.Speed, InterfaceSpeed: p.Speed,
			InterfaceType: interfaceType, Operation: linkOperation{linkStatus(l)},
			Tether: map[string]any{"crossConnectId": l.CrossConnect, "cabinetNumber": "Demarc", "patchPanel": nil},
		})
	}
	if !p.Sparse {
		doc.Package = &codeDoc{p.Package}
		doc.Project = &projectDoc{p.ProjectID}
		doc.Encapsulation = newEncapsulationDoc(p)
		doc.Redundancy = newRedundancyDoc(p)
	}
	return doc
}

func linkStatus(l Link) string {
	if l.Down {
		return StatusDown
	}
	return StatusUp
}

func newEncapsulationDoc(p *Port) *encapsulationDoc {
	tag := int64(0x8100)
	if p.Encapsulation == "QINQ" {
		tag = 0x9100
	}
	doc := &encapsulationDoc{Type: p.Encapsulation, TagProtocolID: tag}
	if p.Stringly {
		doc.TagProtocolID = "0x" + strconv.FormatInt(tag, 16)
	}
	return doc
}

func newRedundancyDoc(p *Port) *redundancyDoc {
	enabled := p.Group != ""
	return &redundancyDoc{Enabled: &enabled, Group: p.optional(p.Group), Priority: cmp.Or(p.Priority, PriorityPrimary)}
}

func newAccountDoc(number, org int64, stringly bool) accountDoc {
	doc := accountDoc{AccountNumber: number, OrgID: org, OrganizationName: "Example Networks", GlobalOrgID: "0016u000003EXAMPLE"}
	if stringly {
		doc.AccountNumber, doc.OrgID = strconv.FormatInt(number, 10), strconv.FormatInt(org, 10)
	}
	return doc
}

func newLocationDoc(code string, ibx *string) locationDoc {
	m := metroOf(code)
	return locationDoc{MetroHref: hrefMetros + m.code, Region: m.region, MetroName: m.name, MetroCode: m.code, IBX: ibx}
}

// port answers for one port, and alone says its operational status.
func (a *API) port(c *call) reply {
	p, refusal := a.readable(c.uuid)
	if p == nil {
		return refusal
	}
	doc := newPortDoc(p, a.roster.Load().usage[p.UUID])
	doc.Operation.OperationalStatus = p.OperationalStatus()
	return jsonReply(doc)
}

// noPorts is the answer to a user for whom there are none.
func noPorts() reply {
	return apiErrors(http.StatusBadRequest, apiError{
		Code: "EQ-3046110", Message: "ProjectID required.", Details: "ProjectId and ports are not found for the user",
	})
}
