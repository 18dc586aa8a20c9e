package fabrictest

import (
	"net/http"
	"time"
)

const (
	apiTime    = "2006-01-02T15:04:05Z" // the only format of times in calls for statistics
	metricTime = "2006-01-02T15:04:05.000Z"
)

func v4Time(t time.Time) string { return t.UTC().Format(metricTime) }

// shape names the members of the intervals of one direction in an answer, and of
// their summaries. The summaries are in the same object as the intervals, except for
// metrics, which have a summary object and no last value.
type shape struct{ points, time, mean, high, sumHigh, sumMean, last string }

var (
	inboundV3  = shape{"inboundStats", "time", "mean", "max", "inboundMax", "inboundAvg", "inboundLastPolled"}
	outboundV3 = shape{"outboundStats", "time", "mean", "max", "outboundMax", "outboundAvg", "outboundLastPolled"}
	statsV4    = shape{"metrics", "intervalEndDateTime", "mean", "max", "max", "mean", "lastPolled"}
	metricsV4  = shape{"datapoints", "endDateTime", "value", "value", "max", "mean", ""}

	shapes = []shape{inboundV3, outboundV3, statsV4, metricsV4}
)

func (s shape) sums(r reading) object {
	return object{s.sumHigh, r.max, s.sumMean, r.mean, s.last, r.last}
}

// samples are the intervals of an answer, in its spelling.
type samples struct {
	shape

	list []Sample
}

func (s samples) append(b []byte, i int) []byte {
	p, layout := s.list[i], apiTime
	if s.last == "" {
		layout = metricTime
	}
	b = append(appendName(append(b, '{'), s.time), '"')
	b = append(p.End.UTC().AppendFormat(b, layout), '"')
	if s.last != "" {
		b = appendFloat(appendName(b, s.high), p.Max)
	}
	return append(appendFloat(appendName(b, s.mean), p.Mean), '}')
}

// portStatsV3 answers with the capacity in bit/s and rates in Mbit/s.
func (a *API) portStatsV3(c *call) reply {
	w, flaws := a.parseWindow(c, "startDate", "endDate")
	if len(flaws) > 0 {
		var errs []object
		for _, f := range flaws {
			errs = append(errs, v3Error(f.reason, f.property))
		}
		return jsonReply(errs, http.StatusBadRequest)
	}
	p, refusal := a.readable(c.id)
	if p == nil {
		return refusal
	}
	in, out := a.readBoth(c, ASide, w)
	body := object{"capacity", p.Capacity() * 1e6}
	body = append(append(body, inboundV3.sums(in)...), outboundV3.sums(out)...)
	return jsonReply(append(body, inboundV3.points, samples{inboundV3, in.samples}, outboundV3.points, samples{outboundV3, out.samples}))
}

// v3Error is one error of v3, which answers with an array of them.
func v3Error(message, property string) object {
	return object{
		"errorCode", "IC-LAYER2-400", "errorMessage", message, "moreInfo", "",
		"errorMessageKey", "common.request.invalid", "property", property,
	}
}

func (a *API) portStatsV4(c *call) reply {
	w, flaws := a.parseWindow(c, "startDateTime", "endDateTime")
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	p, refusal := a.readable(c.id)
	if p == nil {
		return refusal
	}
	head := object{"href", hrefPorts + p.UUID, "type", "XF_PORT", "uuid", p.UUID, "name", p.Name, "bandwidth", p.Capacity()}
	return jsonReply(append(head, "stats", a.stats(c, "", w)))
}

// connectionStatsV4 answers for one connection. Unlike the call for a port it
// requires a view point.
func (a *API) connectionStatsV4(c *call) reply {
	w, flaws := a.parseWindow(c, "startDateTime", "endDateTime")
	viewPoint := c.http.URL.Query().Get("viewPoint")
	if viewPoint != ASide && viewPoint != ZSide {
		flaws = append(flaws, flaw{"viewPoint", "Must be aSide or zSide"})
	}
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	conn := a.state.Load().connections[c.id]
	if conn == nil {
		return notFound(c.id)
	}
	head := object{"href", hrefConnections + conn.UUID, "type", conn.Type, "uuid", conn.UUID, "name", conn.Name}
	return jsonReply(append(head, "stats", a.stats(c, viewPoint, w)))
}

// stats are the statistics of v4; for a connection as seen from a side.
func (a *API) stats(c *call, viewPoint string, w window) object {
	in, out := a.readBoth(c, viewPoint, w)
	side := func(r reading) object { return append(statsV4.sums(r), statsV4.points, samples{statsV4, r.samples}) }
	return object{
		"startDateTime", w.from.Format(apiTime), "endDateTime", w.to.Format(apiTime), "viewPoint", orOmit(viewPoint),
		"bandwidthUtilization", object{
			"unit", "Mbps", "metricInterval", isoInterval(w.resolution), "inbound", side(in), "outbound", side(out),
		},
	}
}

func (a *API) readBoth(c *call, viewPoint string, w window) (in, out reading) {
	s := a.subject(c.id)
	return a.read(s, seenFrom(viewPoint, Inbound), w, c.now), a.read(s, seenFrom(viewPoint, Outbound), w, c.now)
}

// isoInterval is a resolution as the API writes it.
func isoInterval(resolution time.Duration) string {
	if resolution == time.Hour {
		return "PT1H"
	}
	return "PT5M"
}

// parseWindow reads the two times of a statistics call. Both are required.
func (a *API) parseWindow(c *call, start, end string) (window, []flaw) {
	var w window
	var flaws []flaw
	query := c.http.URL.Query()
	read := func(name string) time.Time {
		text := query.Get(name)
		t, err := time.Parse(apiTime, text)
		switch {
		case text == "":
			flaws = append(flaws, flaw{name, "Required field"})
		case err != nil || t.Format(apiTime) != text:
			flaws = append(flaws, flaw{name, "Invalid date, expected YYYY-MM-DDThh:mm:ssZ"})
		}
		return t
	}
	w.from, w.to = read(start), read(end)
	span := w.to.Sub(w.from)
	if len(flaws) == 0 && (span <= 0 || span > maxSpan) {
		flaws = append(flaws, flaw{end, "Date range must be positive and not exceed 90 days"})
	}
	w.resolution = a.resolution(w, c.now)
	return w, flaws
}

// resolution is the length of the intervals in which the API answers for a window.
func (a *API) resolution(w window, now time.Time) time.Duration {
	if w.to.Sub(w.from) > maxFiveMinuteSpan || w.to.Before(now.Add(-a.opts.KeepFiveMinutes)) {
		return time.Hour
	}
	return 5 * time.Minute
}
