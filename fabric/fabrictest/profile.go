package fabrictest

import (
	"regexp"
	"slices"
)

// profile is a service that connections can end on.
type profile struct {
	uuid, name string
	prefix     string // of the names of connections to it
	approval   bool   // somebody at the provider has to accept what is asked for
	key        *regexp.Regexp
	keyLabel   string
	bandwidths []int64 // Mbit/s
}

var (
	smallSteps = []int64{50, 100, 200, 500, 1_000}
	largeSteps = []int64{50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000}
)

// profiles are made up, but for the kinds of keys that the large clouds want.
var profiles = identified([]profile{
	{
		name: "Cirrus Direct Link", prefix: "aws-dx", bandwidths: largeSteps,
		key: regexp.MustCompile(`^\d{12}$`), keyLabel: "Account ID",
	},
	{
		name: "Azul Express Circuit", prefix: "azure-er", bandwidths: largeSteps,
		key: regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`), keyLabel: "Service key",
	},
	{
		name: "Gridline Partner Interconnect", prefix: "gcp-ic", bandwidths: largeSteps,
		key: regexp.MustCompile(`^[0-9a-f-]{36}/[a-z0-9-]+/[12]$`), keyLabel: "Pairing key",
	},
	{name: "Oraculum Fast Lane", prefix: "oci-fc", bandwidths: largeSteps},
	{name: "Backup as a Service", prefix: "backup", bandwidths: smallSteps, approval: true},
	{name: "DDoS Scrubbing", prefix: "scrubbing", bandwidths: smallSteps, approval: true},
})

// identified gives the profiles their UUIDs, the same for every seed.
func identified(ps []profile) []profile {
	for i := range ps {
		ps[i].uuid = newUUID(0, "profile", i)
	}
	return ps
}

// profileBy returns the first profile that is wanted, nil for none.
func profileBy(wanted func(profile) bool) *profile {
	if i := slices.IndexFunc(profiles, wanted); i >= 0 {
		return &profiles[i]
	}
	return nil
}

func profileNamed(name string) *profile {
	return profileBy(func(p profile) bool { return p.name == name })
}

func profileWith(uuid string) *profile {
	return profileBy(func(p profile) bool { return p.uuid == uuid })
}

type serviceProfileDoc struct {
	Href        string               `json:"href"`
	Type        string               `json:"type"`
	UUID        string               `json:"uuid"`
	Name        string               `json:"name"`
	Description string               `json:"description"`
	State       string               `json:"state"`
	Visibility  string               `json:"visibility"`
	AccessPoint []accessPointTypeDoc `json:"accessPointTypeConfigs"`
	Metros      []profileMetroDoc    `json:"metros"`
}

type accessPointTypeDoc struct {
	Type                string      `json:"type"`
	SupportedBandwidths []int64     `json:"supportedBandwidths"`
	AllowCustom         bool        `json:"allowCustomBandwidth"`
	APIAvailable        bool        `json:"apiConfigured"`
	AuthenticationKey   *keyTypeDoc `json:"authenticationKey,omitempty"`
}

type keyTypeDoc struct {
	Required bool   `json:"required"`
	Label    string `json:"label"`
}

type profileMetroDoc struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

func newServiceProfileDoc(p *profile) serviceProfileDoc {
	point := accessPointTypeDoc{Type: "COLO", SupportedBandwidths: p.bandwidths, APIAvailable: !p.approval}
	if p.key != nil {
		point.AuthenticationKey = &keyTypeDoc{true, p.keyLabel}
	}
	doc := serviceProfileDoc{
		Href: hrefProfiles + p.uuid, Type: "L2_PROFILE", UUID: p.uuid, Name: p.name, Description: "Simulated",
		State: StateActive, Visibility: "PUBLIC", AccessPoint: []accessPointTypeDoc{point},
	}
	for _, m := range metros {
		doc.Metros = append(doc.Metros, profileMetroDoc{m.code, m.name})
	}
	return doc
}

var profileView = view[profile]{
	operators:   []string{"=", "IN", "LIKE", "ILIKE"},
	defaultSort: []sortTerm{{Property: "/name", Direction: "DESC"}},
	properties: map[string]func(*profile) string{
		"/uuid":  func(p *profile) string { return p.uuid },
		"/name":  func(p *profile) string { return p.name },
		"/type":  func(*profile) string { return "L2_PROFILE" },
		"/state": func(*profile) string { return StateActive },
	},
}

func allProfiles() []*profile {
	all := make([]*profile, len(profiles))
	for i := range profiles {
		all[i] = &profiles[i]
	}
	return all
}

func (a *API) searchProfiles(c *call) reply {
	return search(a, c, profileView, allProfiles(), newServiceProfileDoc)
}

func (a *API) listProfiles(c *call) reply {
	offset, limit, flaw := queryPage(c, a.opts.PageLimit)
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	return jsonReply(paginate(c, allProfiles(), offset, limit, newServiceProfileDoc))
}

func (a *API) profile(c *call) reply {
	p := profileWith(c.uuid)
	if p == nil {
		return notFound(c.uuid)
	}
	return jsonReply(newServiceProfileDoc(p))
}
