package fabrictest

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// metro is a metro with ports. Its clock has no daylight saving, so that traffic does
// not depend on a time-zone database.
type metro struct {
	code, name, region string
	utc                time.Duration // offset of the local clock
}

// metros are the metros of the fleets.
var metros = []metro{
	{"SV", "Silicon Valley", "AMER", -8 * time.Hour},
	{"DC", "Washington", "AMER", -5 * time.Hour},
	{"DA", "Dallas", "AMER", -6 * time.Hour},
	{"NY", "New York", "AMER", -5 * time.Hour},
	{"AM", "Amsterdam", "EMEA", time.Hour},
	{"FR", "Frankfurt", "EMEA", time.Hour},
	{"LD", "London", "EMEA", 0},
	{"SG", "Singapore", "APAC", 8 * time.Hour},
	{"SY", "Sydney", "APAC", 10 * time.Hour},
	{"TY", "Tokyo", "APAC", 9 * time.Hour},
}

// metroOf returns the metro with the code; an unknown metro is in UTC.
func metroOf(code string) metro {
	if i := slices.IndexFunc(metros, func(m metro) bool { return m.code == code }); i >= 0 {
		return metros[i]
	}
	return metro{code: code, name: code, region: "EMEA"}
}

// maxMetroPage is the largest page of calls that list metros or pairs of them.
const maxMetroPage = 5000

// listMetros answers with all metros, or with the metros in which the account has ports.
func (a *API) listMetros(c *call) reply {
	offset, limit, flaw := queryPage(c, maxMetroPage)
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	own := map[string]bool{}
	for _, p := range a.state.Load().own() {
		own[p.Metro] = true
	}
	var found []*metro
	for i, m := range metros {
		if c.http.URL.Query().Get("presence") != "MY_PORTS" || own[m.code] {
			found = append(found, &metros[i])
		}
	}
	return paginate(c, found, offset, limit, func(m *metro) object { return m.doc(a.opts.Seed) })
}

func (a *API) metro(c *call) reply {
	m := metroOf(c.id)
	if m.name == m.code { // unknown
		return notFound(c.id)
	}
	return jsonReply(m.doc(a.opts.Seed))
}

func (m *metro) doc(seed uint64) object {
	h := hashString(0, "metro "+m.code)
	var connected []object
	for _, other := range metros {
		if other.code != m.code {
			connected = append(connected, object{
				"code", other.code, "href", hrefMetros + other.code,
				"avgLatency", latency(seed, *m, other), "remoteVCBandwidthMax", 10_000,
			})
		}
	}
	return object{
		"type", "XF_METRO", "href", hrefMetros + m.code, "code", m.code, "region", m.region, "name", m.name,
		"equinixAsn", 64_512 + int64(h%1_000), "localVCBandwidthMax", 50_000,
		"geoCoordinates", object{"latitude", 20 + 35*unit(h), "longitude", 15 * m.utc.Hours()},
		"connectedMetros", connected, "geoScopes", []object{},
	}
}

// latency is the usual latency between two metros in milliseconds, the same in both directions.
func latency(seed uint64, a, b metro) float64 {
	if a.code > b.code {
		a, b = b, a
	}
	u := unit(hashString(seed, "latency "+a.code+b.code))
	apart := (a.utc - b.utc).Abs().Hours()
	return 1 + 3*u + 9*min(apart, 24-apart)*(0.8+0.2*u)
}

// metroMetrics answers GET /fabric/v4/metrics with the last latency and jitter
// between metros, for metrics that match the name, with * for anything.
func (a *API) metroMetrics(c *call) reply {
	offset, limit, flaw := queryPage(c, maxMetroPage)
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	end := c.now.Unix() - floorMod(c.now.Unix(), fiveMinutes)
	var docs []*object
	for _, from := range metros {
		for _, to := range metros {
			way := latency(a.opts.Seed, from, to)
			for _, kind := range []string{".latency", ".jitter_avg"} {
				name := "equinix.fabric.metro." + strings.ToLower(from.code+"_"+to.code) + kind
				if from.code == to.code || !glob(c.http.URL.Query().Get("name"), name) {
					continue
				}
				u := unit(mix(hashString(a.opts.Seed, name) ^ uint64(end))) //nolint:gosec // any bits will do
				value := way * (1 + 0.05*u)
				if kind != ".latency" {
					value = 0.02 + 0.2*u
				}
				resource := object{"href", hrefMetros + from.code, "type", "XF_METRO", "name", from.name}
				points := []Sample{{End: time.Unix(end, 0), Mean: value}}
				docs = append(docs, new(metricDoc(name, "ms", 5*time.Minute, resource, nil, points)))
			}
		}
	}
	return paginate(c, docs, offset, limit, func(o *object) object { return *o })
}

// profile is a service profile at which connections can end.
type profile struct {
	uuid, name string
	prefix     string // of the names of connections to it
	approval   bool   // the provider must accept orders
	key        *regexp.Regexp
	keyLabel   string
	bandwidths []int64 // Mbit/s
}

var (
	smallSteps = []int64{50, 100, 200, 500, 1_000}
	largeSteps = []int64{50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000}

	accountID  = regexp.MustCompile(`^\d{12}$`)
	serviceKey = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	pairingKey = regexp.MustCompile(`^[0-9a-f-]{36}/[a-z0-9-]+/[12]$`)
)

// profiles are made up, except for the kinds of keys that the large clouds require.
var profiles = []*profile{
	{newUUID(0, "profile", 0), "Cirrus Direct Link", "aws-dx", false, accountID, "Account ID", largeSteps},
	{newUUID(0, "profile", 1), "Azul Express Circuit", "azure-er", false, serviceKey, "Service key", largeSteps},
	{newUUID(0, "profile", 2), "Gridline Partner Interconnect", "gcp-ic", false, pairingKey, "Pairing key", largeSteps},
	{newUUID(0, "profile", 3), "Oraculum Fast Lane", "oci-fc", false, nil, "", largeSteps},
	{newUUID(0, "profile", 4), "Backup as a Service", "backup", true, nil, "", smallSteps},
	{newUUID(0, "profile", 5), "DDoS Scrubbing", "scrubbing", true, nil, "", smallSteps},
}

// profileNamed returns the profile with that name or UUID; nil if it is unknown.
func profileNamed(name string) *profile {
	if i := slices.IndexFunc(profiles, func(p *profile) bool { return p.name == name || p.uuid == name }); i >= 0 {
		return profiles[i]
	}
	return nil
}

func (p *profile) doc() object {
	key := any(omit)
	if p.key != nil {
		key = object{"required", true, "label", p.keyLabel}
	}
	var places []object
	for _, m := range metros {
		places = append(places, object{"code", m.code, "name", m.name})
	}
	return object{
		"href", hrefProfiles + p.uuid, "type", "L2_PROFILE", "uuid", p.uuid, "name", p.name, "description", "Simulated",
		"state", StateActive, "visibility", "PUBLIC",
		"accessPointTypeConfigs", []object{{
			"type", "COLO", "supportedBandwidths", p.bandwidths, "allowCustomBandwidth", false,
			"apiConfigured", !p.approval, "authenticationKey", key,
		}},
		"metros", places,
	}
}

var profileView = view[profile]{defaultSort: "/name", properties: map[string]func(*profile) string{
	"/uuid": func(p *profile) string { return p.uuid },
	"/name": func(p *profile) string { return p.name },
}}

func (a *API) searchProfiles(c *call) reply { return search(c, profileView, profiles, (*profile).doc) }

func (a *API) listProfiles(c *call) reply {
	offset, limit, flaw := queryPage(c, maxPage)
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	return paginate(c, profiles, offset, limit, (*profile).doc)
}

func (a *API) profile(c *call) reply {
	p := profileNamed(c.id)
	if p == nil {
		return notFound(c.id)
	}
	return jsonReply(p.doc())
}

// health says which services the gateway no longer knows.
func (a *API) health(*call) reply {
	var services []object
	for _, s := range [][2]string{
		{"/ports", OpPorts}, {"/connections", OpSearchConnections}, {"/metros", "v4_metros"},
		{"/serviceProfiles", "v4_service_profiles"}, {"/stats", OpPortStatsV4}, {"/metrics", OpSearchMetrics},
	} {
		status := StatusUp
		if a.faults.isGone(s[1]) {
			status = StatusDown
		}
		services = append(services, object{"route", s[0], "status", status, "changedDateTime", "2026-01-01T00:00:00.000Z"})
	}
	return jsonReply(object{
		"href", hrefBase + "health", "version", "4.31", "release", "2026.8", "state", "HEALTHY", "apiServices", services,
	})
}
