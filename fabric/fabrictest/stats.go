package fabrictest

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// apiTime is the only way in which the statistics calls read a time.
const apiTime = "2006-01-02T15:04:05Z"

// window is the span that a statistics call asks for.
type window struct {
	from, to   time.Time
	resolution time.Duration
}

// parseWindow reads the two times of a statistics call. Both are required.
func parseWindow(r *http.Request, start, end string) (window, []propertyFlaw) {
	var w window
	var flaws []propertyFlaw
	query := r.URL.Query()
	read := func(name string) time.Time {
		text := query.Get(name)
		t, err := time.Parse(apiTime, text)
		switch {
		case text == "":
			flaws = append(flaws, propertyFlaw{name, "Required field"})
		case err != nil || t.Format(apiTime) != text:
			flaws = append(flaws, propertyFlaw{name, "Invalid date, expected YYYY-MM-DDThh:mm:ssZ"})
		}
		return t
	}
	w.from, w.to = read(start), read(end)
	if len(flaws) > 0 {
		return w, flaws
	}
	var ok bool
	if w.resolution, ok = Resolution(w.to.Sub(w.from)); !ok {
		flaws = append(flaws, propertyFlaw{end, "Date range must be positive and not exceed 90 days"})
	}
	return w, flaws
}

// readable returns the port that a call names, or the refusal to show it.
func (a *API) readable(uuid string) (*Port, reply) {
	p := a.roster.Load().byUUID[uuid]
	switch {
	case p == nil:
		return nil, notFound(uuid)
	case p.Foreign:
		return nil, forbidden()
	default:
		return p, reply{}
	}
}

// readBoth reads both directions as the call's fault lets them be seen.
func (a *API) readBoth(p *Port, w window, c *call) (in, out reading) {
	in = a.read(p, Inbound, w.from, w.to, w.resolution, c.now)
	out = a.read(p, Outbound, w.from, w.to, w.resolution, c.now)
	c.fault.alter(&in)
	c.fault.alter(&out)
	return in, out
}

// portStatsV4 answers the deprecated v4 call: as the published samples show it,
// nested under stats and with bandwidth, not as the schema has it.
func (a *API) portStatsV4(c *call) reply {
	w, flaws := parseWindow(c.http, "startDateTime", "endDateTime")
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	p, refusal := a.readable(c.uuid)
	if p == nil {
		return refusal
	}
	in, out := a.readBoth(p, w, c)
	head := jsonReply(struct {
		Href      string `json:"href"`
		Type      string `json:"type"`
		UUID      string `json:"uuid"`
		Name      string `json:"name"`
		Bandwidth int64  `json:"bandwidth"`
	}{hrefPorts + p.UUID, "XF_PORT", p.UUID, p.Name, p.Capacity()})
	return reply{status: http.StatusOK, body: appendStats(head.body, "", w, in, out)}
}

// appendStats adds the statistics to the object in b.
func appendStats(b []byte, viewPoint string, w window, in, out reading) []byte {
	b = slices.Grow(b, 128*(len(in.samples)+len(out.samples))+512)
	b = append(b[:len(b)-1], `,"stats":{"startDateTime":`...)
	b = strconv.AppendQuote(b, w.from.Format(apiTime))
	b = append(b, `,"endDateTime":`...)
	b = strconv.AppendQuote(b, w.to.Format(apiTime))
	if viewPoint != "" {
		b = append(b, `,"viewPoint":`...)
		b = strconv.AppendQuote(b, viewPoint)
	}
	b = append(b, `,"bandwidthUtilization":{"unit":"Mbps","metricInterval":"`+isoInterval(w.resolution)+`"`...)
	b = appendV4(append(b, `,"inbound":{`...), in)
	b = appendV4(append(b, `,"outbound":{`...), out)
	return append(b, "}}}"...)
}

// isoInterval is how the API writes a resolution.
func isoInterval(resolution time.Duration) string {
	if resolution == time.Hour {
		return "PT1H"
	}
	return "PT5M"
}

func appendV4(b []byte, r reading) []byte {
	b = appendMember(b, "max", r.max)
	b = appendMember(b, "mean", r.mean)
	b = appendMember(b, "lastPolled", r.last)
	b = appendSamples(append(b, `,"metrics":`...), r.samples, "intervalEndDateTime")
	return append(b, '}')
}

// appendSamples writes samples as an array of objects by hand: a month of
// hours through reflection would cost as much as making it up.
func appendSamples(b []byte, samples []Sample, timeName string) []byte {
	b = append(b, '[')
	for i, s := range samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"`...)
		b = append(b, timeName...)
		b = append(b, `":"`...)
		b = s.End.AppendFormat(b, apiTime)
		b = append(b, '"')
		b = appendMember(b, "max", s.Max)
		b = appendMember(b, "mean", s.Mean)
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendMember writes one more member of an object, null for NaN.
func appendMember(b []byte, name string, v float64) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	if math.IsNaN(v) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}
