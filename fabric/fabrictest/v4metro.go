package fabrictest

import (
	"encoding/json"
	"strings"
	"time"
)

// maxMetroPage is the largest page of the calls that list things of metros:
// there are many pairs of them.
const maxMetroPage = 5000

type metroDoc struct {
	Type             string              `json:"type"`
	Href             string              `json:"href"`
	Code             string              `json:"code"`
	Region           string              `json:"region"`
	Name             string              `json:"name"`
	EquinixASN       int64               `json:"equinixAsn"`
	LocalVCBandwidth int64               `json:"localVCBandwidthMax"`
	GeoCoordinates   coordinatesDoc      `json:"geoCoordinates"`
	ConnectedMetros  []connectedMetroDoc `json:"connectedMetros"`
	GeoScopes        []string            `json:"geoScopes"`
}

type coordinatesDoc struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type connectedMetroDoc struct {
	Code              string  `json:"code"`
	Href              string  `json:"href"`
	AvgLatency        float64 `json:"avgLatency"` // ms
	RemoteVCBandwidth int64   `json:"remoteVCBandwidthMax"`
}

// listMetros answers with all metros, or with those where the account has ports.
func (a *API) listMetros(c *call) reply {
	presence := c.http.URL.Query().Get("presence")
	offset, limit, flaw := queryPage(c, maxMetroPage)
	if presence != "" && presence != "MY_PORTS" {
		flaw = &propertyFlaw{"presence", "Must be MY_PORTS"}
	}
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	own := map[string]bool{}
	for _, p := range a.roster.Load().own() {
		own[p.Metro] = true
	}
	var found []*metro
	for i := range metros {
		if m := &metros[i]; presence == "" || own[m.code] {
			found = append(found, m)
		}
	}
	return jsonReply(paginate(c, found, offset, limit, func(m *metro) metroDoc { return newMetroDoc(a.opts.Seed, *m) }))
}

func (a *API) metro(c *call) reply {
	for _, m := range metros {
		if m.code == c.uuid {
			return jsonReply(newMetroDoc(a.opts.Seed, m))
		}
	}
	return notFound(c.uuid)
}

func newMetroDoc(seed uint64, m metro) metroDoc {
	h := hashString(0, "metro "+m.code)
	doc := metroDoc{
		Type: "XF_METRO", Href: hrefMetros + m.code, Code: m.code, Region: m.region, Name: m.name,
		EquinixASN: 64_512 + int64(h%1_000), LocalVCBandwidth: 50_000,
		GeoCoordinates: coordinatesDoc{Latitude: 20 + 35*unit(h), Longitude: 15 * m.utc.Hours()},
		GeoScopes:      []string{},
	}
	for _, other := range metros {
		if other.code != m.code {
			doc.ConnectedMetros = append(doc.ConnectedMetros, connectedMetroDoc{
				other.code, hrefMetros + other.code, latency(seed, m, other), 10_000,
			})
		}
	}
	return doc
}

// latency is the usual one between two metros, in milliseconds, the same both ways.
func latency(seed uint64, a, b metro) float64 {
	if a.code > b.code {
		a, b = b, a
	}
	u := unit(hashString(seed, "latency "+a.code+b.code))
	apart := (a.utc - b.utc).Abs().Hours()
	return 1 + 3*u + 9*min(apart, 24-apart)*(0.8+0.2*u)
}

// metroPair is a metric of the way from one metro to another.
type metroPair struct {
	name     string
	from, to metro
	jitter   bool
}

func metroPairs() []*metroPair {
	var pairs []*metroPair
	for _, from := range metros {
		for _, to := range metros {
			if from.code == to.code {
				continue
			}
			base := "equinix.fabric.metro." + strings.ToLower(from.code+"_"+to.code)
			pairs = append(pairs, &metroPair{base + ".latency", from, to, false}, &metroPair{base + ".jitter_avg", from, to, true})
		}
	}
	return pairs
}

// doc is the last value of the pair.
func (p *metroPair) doc(seed uint64, now time.Time) metricDoc {
	end := now.Unix() - floorMod(now.Unix(), fiveMinutes)
	u := unit(mix(hashString(seed, p.name) ^ uint64(end))) //nolint:gosec // any bits will do
	value := latency(seed, p.from, p.to) * (1 + 0.05*u)
	if p.jitter {
		value = 0.02 + 0.2*u
	}
	return metricDoc{
		Type: "GAUGE", Name: p.name, Unit: "ms", Interval: "PT5M",
		Resource:   resourceDoc{Href: hrefMetros + p.from.code, Type: "XF_METRO", Name: p.from.name},
		Datapoints: json.RawMessage(appendPoints(nil, []Sample{{End: time.Unix(end, 0), Mean: value}})),
	}
}
