package fabrictest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// metricQuery is what a search for metrics asks. Where it has no range, it is
// that of the last day.
type metricQuery struct {
	subject  string
	names    []string
	from, to time.Time
	interval time.Duration // 0 for one by the range
	last     bool          // only the last value, which metros alone have
}

// window is that of the query, kept to what the API still has.
func (q *metricQuery) window(now time.Time) window {
	w := window{q.from, q.to, q.interval}
	if w.to.IsZero() || w.to.After(now) {
		w.to = now
	}
	if w.from.IsZero() {
		w.from = w.to.Add(-24 * time.Hour)
	}
	if w.resolution == 0 {
		w.resolution = 5 * time.Minute
		if w.to.Sub(w.from) > maxFiveMinuteSpan {
			w.resolution = time.Hour
		}
	}
	if kept := now.Add(-maxSpan); w.from.Before(kept) {
		w.from = kept
	}
	return w
}

func (a *API) searchMetrics(c *call) reply {
	req, refusal := a.decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	q, flaw := newMetricQuery(&req.Filter)
	if flaw != nil {
		return invalid("Invalid filter", *flaw)
	}
	collection, id, _ := strings.Cut(strings.TrimPrefix(q.subject, "/fabric/v4/"), "/")
	if metro := collection == "metros"; metro != q.last {
		return invalid("Invalid filter", propertyFlaw{"/value", "last is asked of metros, and of nothing else"})
	} else if metro {
		return a.lastOfMetros(c, req.Pagination.Offset, *req.Pagination.Limit, func(m *metroPair) bool {
			return m.from.code == id && slices.Contains(q.names, m.name)
		})
	}
	return a.answerMetrics(c, collection, id, q, req.Pagination.Offset, *req.Pagination.Limit)
}

// newMetricQuery reads a filter, which is a condition or several under and.
func newMetricQuery(f *filter) (*metricQuery, *propertyFlaw) {
	conditions := f.And
	if conditions == nil {
		conditions = []filter{*f}
	}
	q := new(metricQuery)
	for i := range conditions {
		if flaw := q.take(&conditions[i]); flaw != nil {
			flaw.Property = fmt.Sprintf("filter.and.[%d]%s", i, flaw.Property)
			return nil, flaw
		}
	}
	switch {
	case q.subject == "":
		return nil, &propertyFlaw{"/subject", "Required field"}
	case q.names == nil:
		return nil, &propertyFlaw{"/name", "Required field"}
	}
	return q, nil
}

// take adds one condition to the query.
func (q *metricQuery) take(f *filter) *propertyFlaw {
	equal := f.Operator == "=" || f.Operator == "IN"
	switch {
	case f.And != nil || f.Or != nil:
		return &propertyFlaw{"", "Groups are not supported"}
	case f.Property == "/dataPoints/endDateTime" || f.Property == "/time":
		return q.takeRange(f)
	case f.Property == "/value":
		if q.last = f.Operator == "=" && slices.Equal(f.Values, values{"last"}); !q.last {
			return &propertyFlaw{".values", "Must be last"}
		}
	case f.Property != "/subject" && f.Property != "/name" && f.Property != "/interval":
		return &propertyFlaw{".property", fmt.Sprintf("Unexpected value %q", f.Property)}
	case !equal:
		return &propertyFlaw{".operator", fmt.Sprintf("Unexpected value %q", f.Operator)}
	case f.Property != "/name" && len(f.Values) != 1:
		return &propertyFlaw{".values", "Limited to 1 value"}
	case f.Property == "/subject":
		q.subject = f.Values[0]
	case f.Property == "/name":
		if len(f.Values) == 0 {
			return &propertyFlaw{".values", "Must not be empty"}
		}
		q.names = f.Values
	case f.Values[0] == "PT5M":
		q.interval = 5 * time.Minute
	case f.Values[0] == "PT1H":
		q.interval = time.Hour
	default:
		return &propertyFlaw{".values", fmt.Sprintf("Unexpected value %q", f.Values[0])}
	}
	return nil
}

// takeRange adds a condition on the times of the points.
func (q *metricQuery) takeRange(f *filter) *propertyFlaw {
	bounds := map[string][]*time.Time{
		"BETWEEN": {&q.from, &q.to}, ">": {&q.from}, ">=": {&q.from}, "<": {&q.to}, "<=": {&q.to},
	}[f.Operator]
	if bounds == nil {
		return &propertyFlaw{".operator", fmt.Sprintf("Unexpected value %q", f.Operator)}
	}
	if len(f.Values) != len(bounds) {
		return &propertyFlaw{".values", fmt.Sprintf("%d values expected", len(bounds))}
	}
	for i, text := range f.Values {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return &propertyFlaw{".values", fmt.Sprintf("Invalid date %q", text)}
		}
		*bounds[i] = t
	}
	if f.Operator == ">" {
		q.from = q.from.Add(time.Nanosecond)
	}
	if f.Operator == "<" {
		q.to = q.to.Add(-time.Nanosecond)
	}
	if len(bounds) == 2 && !q.from.Before(q.to) {
		return &propertyFlaw{".values", "The range must be positive"}
	}
	return nil
}

// metricName is what names of metrics of single assets look like.
var metricName = regexp.MustCompile(`^equinix\.fabric\.(connection|port|metro)\..+`)

func (a *API) portMetrics(c *call) reply       { return a.assetMetrics(c, "ports") }
func (a *API) connectionMetrics(c *call) reply { return a.assetMetrics(c, "connections") }

// assetMetrics answers for a single metric of a single asset.
func (a *API) assetMetrics(c *call, collection string) reply {
	query := c.http.URL.Query()
	q := &metricQuery{names: query["name"]}
	var flaws []propertyFlaw
	if len(q.names) != 1 || !metricName.MatchString(q.names[0]) {
		flaws = append(flaws, propertyFlaw{"name", "Must be one name of a metric"})
	}
	for name, t := range map[string]*time.Time{"fromDateTime": &q.from, "toDateTime": &q.to} {
		if text := query.Get(name); text != "" {
			var err error
			if *t, err = time.Parse(time.RFC3339, text); err != nil {
				flaws = append(flaws, propertyFlaw{name, "Invalid date"})
			}
		}
	}
	offset, limit, flaw := queryPage(c, a.opts.PageLimit)
	if flaw != nil {
		flaws = append(flaws, *flaw)
	}
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	return a.answerMetrics(c, collection, c.uuid, q, offset, limit)
}

// metricDoc is a metric of an asset. The schema has its summary as a string; the
// samples have an object.
type metricDoc struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Unit       string          `json:"unit"`
	Interval   string          `json:"interval"`
	Resource   resourceDoc     `json:"resource"`
	Summary    any             `json:"summary"`
	Datapoints json.RawMessage `json:"datapoints"`
}

// answerMetrics answers with the metrics of one asset: none where it is attached
// to no stream, or attached without metrics.
func (a *API) answerMetrics(c *call, collection, id string, q *metricQuery, offset, limit int) reply {
	s, refusal := a.subject(collection, id)
	if s == nil {
		return refusal
	}
	var found []*metric
	for _, name := range q.names {
		m, ok := metricNamed(slices.Concat(portMetrics, connectionMetrics), name)
		if !ok {
			return invalid("Invalid metric", propertyFlaw{"/name", fmt.Sprintf("Unexpected value %q", name)})
		}
		if _, has := metricNamed(s.metrics, name); has && s.stream.flows() {
			found = append(found, &m)
		}
	}
	w := q.window(c.now)
	return jsonReply(paginate(c, found, offset, limit, func(m *metric) metricDoc {
		r := a.readMetric(s, *m, w, c.now)
		c.fault.alter(&r)
		doc := metricDoc{
			Type: "GAUGE", Name: m.name, Unit: m.unit, Interval: isoInterval(w.resolution),
			Resource: s.resource, Summary: r.summary(), Datapoints: appendPoints(nil, r.samples),
		}
		if s.stringly && doc.Summary != nil {
			doc.Summary = string(jsonReply(doc.Summary).body)
		}
		return doc
	}))
}

func (a *API) subject(collection, id string) (*subject, reply) {
	r := a.roster.Load()
	switch collection {
	case "ports":
		p, refusal := a.readable(id)
		if p == nil {
			return nil, refusal
		}
		return a.portSubject(p), reply{}
	case "connections":
		if c := r.connections[id]; c != nil {
			return a.connectionSubject(r, c), reply{}
		}
	}
	return nil, notFound(id)
}

func appendPoints(b []byte, samples []Sample) []byte {
	b = append(b, '[')
	for i, s := range samples {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"endDateTime":"`...)
		b = append(b, v4Time(s.End)...)
		b = append(b, '"')
		b = append(appendMember(b, "value", s.Mean), '}')
	}
	return append(b, ']')
}

// metroMetrics answers GET /fabric/v4/metrics, which knows of metros only.
func (a *API) metroMetrics(c *call) reply {
	query := c.http.URL.Query()
	name := query.Get("name")
	var flaws []propertyFlaw
	if !strings.HasPrefix(name, "equinix.fabric.metro.") {
		flaws = append(flaws, propertyFlaw{"name", "Must be a name of metrics of metros"})
	}
	if query.Get("value") != "last" {
		flaws = append(flaws, propertyFlaw{"value", "Must be last"})
	}
	offset, limit, flaw := queryPage(c, maxMetroPage)
	if flaw != nil {
		flaws = append(flaws, *flaw)
	}
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	return a.lastOfMetros(c, offset, limit, func(m *metroPair) bool { return like(m.name, strings.ReplaceAll(name, "*", "%")) })
}

// lastOfMetros answers with the last values of the metrics of metros that are wanted.
func (a *API) lastOfMetros(c *call, offset, limit int, wanted func(*metroPair) bool) reply {
	found := slices.DeleteFunc(metroPairs(), func(m *metroPair) bool { return !wanted(m) })
	return jsonReply(paginate(c, found, offset, limit, func(m *metroPair) metricDoc { return m.doc(a.opts.Seed, c.now) }))
}
