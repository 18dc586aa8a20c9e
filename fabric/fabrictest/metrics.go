package fabrictest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The metrics of ports and connections. rx is inbound and tx outbound: of a
// port from its own point of view, of a connection from its a-side.
const (
	MetricPortRx        = "equinix.fabric.port.bandwidth_rx.usage"
	MetricPortTx        = "equinix.fabric.port.bandwidth_tx.usage"
	MetricPortDroppedRx = "equinix.fabric.port.packets_dropped_rx.count"
	MetricPortDroppedTx = "equinix.fabric.port.packets_dropped_tx.count"
	MetricPortErredRx   = "equinix.fabric.port.packets_erred_rx.count"
	MetricPortErredTx   = "equinix.fabric.port.packets_erred_tx.count"

	MetricConnectionRx        = "equinix.fabric.connection.bandwidth_rx.usage"
	MetricConnectionTx        = "equinix.fabric.connection.bandwidth_tx.usage"
	MetricConnectionBytesRx   = "equinix.fabric.connection.byte_rx.count"
	MetricConnectionBytesTx   = "equinix.fabric.connection.byte_tx.count"
	MetricConnectionDroppedRA = "equinix.fabric.connection.packets_dropped_rx_aside_rateexceeded.count"
	MetricConnectionDroppedTA = "equinix.fabric.connection.packets_dropped_tx_aside_rateexceeded.count"
	MetricConnectionDroppedRZ = "equinix.fabric.connection.packets_dropped_rx_zside_rateexceeded.count"
	MetricConnectionDroppedTZ = "equinix.fabric.connection.packets_dropped_tx_zside_rateexceeded.count"
)

const (
	unitRate    = "bit/s"
	unitPackets = "packets"
	unitBytes   = "bytes"
)

// asset is a port or a connection, as streams and metrics refer to it.
type asset struct {
	Stream

	uuid, name, kind, state, href, project string
	stringly                               bool
}

func (p *Port) asset() asset {
	return asset{p.Stream, p.UUID, p.Name, "XF_PORT", p.State, hrefPorts + p.UUID, p.ProjectID, p.Stringly}
}

func (c *Connection) asset() asset {
	return asset{c.Stream, c.UUID, c.Name, c.Type, c.State, hrefConnections + c.UUID, c.ProjectID, c.Stringly}
}

var assetView = view[asset]{defaultSort: "/uuid", properties: map[string]func(*asset) string{
	"/uuid": func(s *asset) string { return s.uuid },
	"/type": func(s *asset) string { return s.kind },
}}

// searchStreamAssets answers with the assets that are attached to streams.
func (a *API) searchStreamAssets(c *call) reply {
	s := a.state.Load()
	var assets []*asset
	for _, p := range s.own() {
		assets = append(assets, new(p.asset()))
	}
	for i := range s.fleet.Connections {
		assets = append(assets, new(s.fleet.Connections[i].asset()))
	}
	assets = slices.DeleteFunc(assets, func(s *asset) bool { return s.UUID == "" })
	return search(c, assetView, assets, func(s *asset) object {
		return object{
			"href", s.href, "uuid", s.uuid, "type", s.kind, "metricsEnabled", s.MetricsEnabled,
			"attachmentStatus", s.Status, "streamUuid", s.UUID, "projectId", s.project,
		}
	})
}

// metricQuery is a query for metrics of one asset.
type metricQuery struct {
	uuid   string
	names  []string
	window window // zero values have a default, see [API.complete]
}

// complete sets the defaults: the last day, and the resolution for the range.
func (a *API) complete(q *metricQuery, now time.Time) {
	w := &q.window
	if w.to.IsZero() {
		w.to = now
	}
	if w.from.IsZero() {
		w.from = w.to.Add(-24 * time.Hour)
	}
	if w.resolution == 0 {
		w.resolution = a.resolution(*w, now)
	}
}

// searchMetrics answers a search for several metrics of one port or connection. Its
// filter must be an and of conditions.
func (a *API) searchMetrics(c *call) reply {
	req, refusal := decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	var q metricQuery
	for i, f := range req.Filter.And {
		if flaw := q.take(f); flaw != nil {
			flaw.property = fmt.Sprintf("filter.and.[%d]%s", i, flaw.property)
			return invalid("Invalid filter", *flaw)
		}
	}
	if q.uuid == "" || q.names == nil {
		return invalid("Invalid filter", flaw{"/subject", "/subject and /name are required"})
	}
	return a.answerMetrics(c, q, req.Pagination.Offset, *req.Pagination.Limit)
}

// take adds one condition of a search to the query.
func (q *metricQuery) take(f filter) *flaw {
	switch f.Property + " " + f.Operator {
	case "/name =", "/name IN":
		q.names = f.Values
		return nil
	case "/subject =", "/interval =":
		if len(f.Values) != 1 {
			return &flaw{".values", "Limited to 1 value"}
		}
		if f.Property == "/subject" {
			q.uuid = f.Values[0][strings.LastIndexByte(f.Values[0], '/')+1:]
			return nil
		}
		if q.window.resolution = map[string]time.Duration{"PT5M": 5 * time.Minute, "PT1H": time.Hour}[f.Values[0]]; q.window.resolution == 0 {
			return unexpected(".values", f.Values[0])
		}
		return nil
	case "/dataPoints/endDateTime BETWEEN":
		if len(f.Values) != 2 {
			return &flaw{".values", "2 values expected"}
		}
		var err, err2 error
		q.window.from, err = time.Parse(time.RFC3339, f.Values[0])
		q.window.to, err2 = time.Parse(time.RFC3339, f.Values[1])
		if err != nil || err2 != nil || !q.window.from.Before(q.window.to) {
			return &flaw{".values", "The range must be positive"}
		}
		return nil
	}
	return unexpected(".property", f.Property)
}

// assetMetrics answers for a single metric of a single port or connection.
func (a *API) assetMetrics(c *call) reply {
	query := c.http.URL.Query()
	q := metricQuery{uuid: c.id, names: query["name"]}
	for name, t := range map[string]*time.Time{"fromDateTime": &q.window.from, "toDateTime": &q.window.to} {
		*t, _ = time.Parse(time.RFC3339, query.Get(name)) // absent, it has a default
	}
	offset, limit, flaw := queryPage(c, maxPage)
	if flaw != nil {
		return invalidQuery(*flaw)
	}
	return a.answerMetrics(c, q, offset, limit)
}

// answerMetrics answers with the metrics of one asset. It has no metrics unless it is
// attached to a stream with metrics enabled.
func (a *API) answerMetrics(c *call, q metricQuery, offset, limit int) reply {
	if p := a.state.Load().ports[q.uuid]; p != nil && p.Foreign {
		return forbidden()
	}
	s := a.subject(q.uuid)
	if s == nil {
		return notFound(q.uuid)
	}
	a.complete(&q, c.now)
	var found []*metric
	for _, name := range q.names {
		i := slices.IndexFunc(s.metrics, func(m metric) bool { return m.name == name })
		if i >= 0 && s.UUID != "" && s.Status == Attached && s.MetricsEnabled {
			found = append(found, &s.metrics[i])
		}
	}
	return paginate(c, found, offset, limit, func(m *metric) object {
		r := a.readMetric(s, *m, q.window, c.now)
		var summary any
		if len(r.samples) > 0 {
			summary = object{"mean", r.mean, "max", r.max}
			if s.stringly { // as in the schema; Equinix' examples have an object
				summary = string(appendJSON(nil, summary))
			}
		}
		resource := object{"href", s.href, "uuid", s.uuid, "type", s.kind, "state", orOmit(s.state), "name", s.name}
		return metricDoc(m.name, m.unit, q.window.resolution, resource, summary, r.samples)
	})
}

func metricDoc(name, unit string, resolution time.Duration, resource object, summary any, points []Sample) object {
	return object{
		"type", "GAUGE", "name", name, "unit", unit, "interval", isoInterval(resolution),
		"resource", resource, "summary", summary, metricsV4.points, samples{metricsV4, points},
	}
}
