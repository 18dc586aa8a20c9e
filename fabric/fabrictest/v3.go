package fabrictest

import (
	"net/http"
	"strconv"
	"strings"
)

// userPortDoc is a port as v3 shows it. Bandwidths are in bit/s, whatever
// the documents call them.
type userPortDoc struct {
	UUID            string        `json:"uuid"`
	Name            string        `json:"name"`
	ProvisionStatus string        `json:"provisionStatus"`
	Region          string        `json:"region"`
	Device          *string       `json:"device"`
	TotalBandwidth  int64         `json:"totalBandwidth"`
	Buyout          bool          `json:"buyout"`
	CvpID           string        `json:"cvpId"`
	CustOrgID       string        `json:"custOrgId"`
	CustOrgName     string        `json:"custOrgName"`
	IBX             *string       `json:"ibx"`
	MetroCode       string        `json:"metroCode"`
	MetroName       string        `json:"metroDescription"`
	DeviceGroup     *string       `json:"deviceGroup"`
	DevicePriority  *string       `json:"devicePriority"`
	Encapsulation   *string       `json:"encapsulation"`
	CreatedDate     string        `json:"createdDate"`
	UpdatedDate     string        `json:"lastUpdatedDate"`
	SharedPortType  string        `json:"sharedPortType"`
	HasConnection   bool          `json:"hasConnection"`
	ProjectID       *string       `json:"projectId"`
	UserPorts       []userLinkDoc `json:"userPorts"`
	Layer3Enabled   bool          `json:"layer3Enabled"`
	LAG             bool          `json:"lag"`
}

type userLinkDoc struct {
	Bandwidth       int64   `json:"bandwidth"`
	CrossConnectID  string  `json:"crossConnectId"`
	CabinetNumber   string  `json:"cabinetNumber"`
	PatchPanelName  *string `json:"patchPanelName"`
	TagProtocolID   *string `json:"tagProtocolId"`
	ProvisionStatus string  `json:"portProvisionStatus"`
	PackageType     *string `json:"packageType"`
	CustomerIBX     *string `json:"customerIbx"`
}

// userPortsV3 answers with a bare array.
func (a *API) userPortsV3(*call) reply {
	r := a.roster.Load()
	docs := []userPortDoc{}
	for _, p := range r.own() {
		docs = append(docs, newUserPortDoc(p, r.usage[p.UUID]))
	}
	return jsonReply(docs)
}

func newUserPortDoc(p *Port, u usage) userPortDoc {
	m := metroOf(p.Metro)
	doc := userPortDoc{
		UUID: p.UUID, Name: p.Name, ProvisionStatus: provisionStatus(p.State), Region: m.region,
		Device: p.optional("0DE70000000000000000000000C0FFEE"), TotalBandwidth: p.Capacity() * 1e6,
		Buyout: p.Package != "STANDARD", CvpID: "1000417",
		CustOrgID: strconv.FormatInt(p.OrgID, 10), CustOrgName: "Example Networks",
		IBX: p.optional(p.IBX), MetroCode: m.code, MetroName: m.name,
		DevicePriority: p.optional(capitalised(p.Priority)), Encapsulation: p.optional(capitalised(p.Encapsulation)),
		CreatedDate: "2021-07-20 17:12:38.0", UpdatedDate: "2024-02-02 08:30:00.0", SharedPortType: "NA",
		HasConnection: u.connections > 0, ProjectID: p.optional(p.ProjectID),
		UserPorts: []userLinkDoc{}, Layer3Enabled: true, LAG: len(p.Links) > 1,
	}
	for _, l := range p.Links {
		doc.UserPorts = append(doc.UserPorts, userLinkDoc{
			Bandwidth: p.Speed * 1e6, CrossConnectID: l.CrossConnect, CabinetNumber: "Demarc",
			TagProtocolID: p.optional("0x8100"), ProvisionStatus: StateProvisioned, CustomerIBX: p.optional(p.IBX),
		})
	}
	return doc
}

// provisionStatus is the v3 word for a v4 state.
func provisionStatus(state string) string {
	switch state {
	case StateActive:
		return StateProvisioned
	case StateProvisioning:
		return "ADDED"
	default:
		return state
	}
}

// capitalised is how v3 writes an enum value.
func capitalised(s string) string {
	if s == "" {
		return ""
	}
	return s[:1] + strings.ToLower(s[1:])
}

// optional is a value that may be null: s, or nil where s is empty or the port
// is sparse.
func (p *Port) optional(s string) *string {
	if s == "" || p.Sparse {
		return nil
	}
	return &s
}

// portStatsV3 answers with capacities in bit/s and rates in Mbit/s.
func (a *API) portStatsV3(c *call) reply {
	w, flaws := parseWindow(c.http, "startDate", "endDate")
	if len(flaws) > 0 {
		errs := make([]v3Error, 0, len(flaws))
		for _, f := range flaws {
			errs = append(errs, v3Error{
				Code: "IC-LAYER2-400", Message: f.Reason, MessageKey: "common.request.invalid", Property: f.Property,
			})
		}
		return v3Errors(http.StatusBadRequest, errs...)
	}
	p, refusal := a.readable(c.uuid)
	if p == nil {
		return refusal
	}
	in, out := a.readBoth(p, w, c)
	b := make([]byte, 0, 128*(len(in.samples)+len(out.samples))+512)
	b = append(b, `{"capacity":`...)
	b = strconv.AppendInt(b, p.Capacity()*1e6, 10)
	for _, d := range []struct {
		name string
		*reading
	}{{"inbound", &in}, {"outbound", &out}} {
		b = appendMember(b, d.name+"Max", d.max)
		b = appendMember(b, d.name+"Avg", d.mean)
		b = appendMember(b, d.name+"LastPolled", d.last)
	}
	b = appendSamples(append(b, `,"inboundStats":`...), in.samples, "time")
	b = appendSamples(append(b, `,"outboundStats":`...), out.samples, "time")
	return reply{status: http.StatusOK, body: append(b, '}')}
}
