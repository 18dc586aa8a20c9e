package e2e_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"golang.org/x/net/html"
)

// Every number on the pages of the demo is on /metrics, or a quotient of two that are, and
// what /metrics has of the traffic of a port is on its page.
func TestEveryNumberOfThePagesIsOnMetrics(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	full(t, base, 0)
	for _, query := range []string{"", "?units=bytes"} {
		landing, m := pageAndMetrics(t, base, "/"+query)
		if n := m.compare(t, landing, ofLanding); n < 250 {
			t.Errorf("only %d numbers on the landing page", n)
		}
		m.allUsed(t, "landing page", regexp.MustCompile(`port_(traffic_last|capacity)_bytes|port_monthly_price|port_traffic_p95_.*window="1d"|pair_failover_utilization_(ratio|p95_ratio.*window="1d")|token_expiry|calls_per_cycle`))
		for uuid := range m.ports() {
			page, m := pageAndMetrics(t, base, "/ports/"+uuid+query)
			n := m.compare(t, page, func(m *metrics, f figure) (float64, bool) { return ofPort(m, f, uuid) })
			if n < 8 {
				t.Errorf("%s: only %d numbers on the page", uuid, n)
			}
			m.allUsed(t, "page of "+uuid, regexp.MustCompile(`_port_(traffic|capacity|effective|allocated|available|lag_links|lag_failover|packets|connections_bandwidth|connections\{.*\} [1-9]).*port_uuid="`+uuid))
		}
	}
}

// metrics are the series of one scrape by name and labels, and which of them a page shows.
type metrics struct {
	series samples
	used   map[string]bool
	labels map[string]map[string]string // of each series
	family map[string]string
}

func newMetrics(families map[string]*dto.MetricFamily) *metrics {
	m := &metrics{series: values(families, func(name string) bool { return strings.HasPrefix(name, prefix) }), used: map[string]bool{}, labels: map[string]map[string]string{}, family: map[string]string{}}
	for name, f := range families {
		for _, one := range f.GetMetric() {
			all := map[string]string{}
			for _, l := range one.GetLabel() {
				all[l.GetName()] = l.GetValue()
			}
			m.labels[series(name, one)], m.family[series(name, one)] = all, strings.TrimPrefix(name, prefix)
		}
	}
	return m
}

// pageAndMetrics are a page and a scrape of the same moment: the demo polls on, so the
// scrapes before and after the page must be the same.
func pageAndMetrics(t *testing.T, base, path string) (*html.Node, *metrics) {
	t.Helper()
	own := func(name string) bool {
		return strings.HasPrefix(name, prefix) && !strings.Contains(name, "_api_")
	}
	var page *html.Node
	var m *metrics
	eventually(t, func() error {
		before := scrapeOnce(t, base)
		a := mustAsk(t, http.MethodGet, base+path, nil)
		if diff := cmp.Diff(values(before, own), values(scrapeOnce(t, base), own)); diff != "" {
			return fmt.Errorf("polled meanwhile: %s", diff)
		}
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d", path, a.status)
		}
		var err error
		page, err = html.Parse(bytes.NewReader(a.body))
		m = newMetrics(before)
		return err
	})
	return page, m
}

func (m *metrics) ports() map[string]bool {
	all := map[string]bool{}
	for s, f := range m.family {
		if f == "port_info" {
			all[m.labels[s]["port_uuid"]] = true
		}
	}
	return all
}

// find returns the series of a family with these labels.
func (m *metrics) find(family string, labels ...string) []string {
	var found []string
	for s, f := range m.family {
		match := f == family
		for i := 0; i < len(labels); i += 2 {
			match = match && m.labels[s][labels[i]] == labels[i+1]
		}
		if match {
			found = append(found, s)
		}
	}
	return found
}

// one is the value of the only series of a family with these labels.
func (m *metrics) one(family string, labels ...string) (float64, bool) {
	found := m.find(family, labels...)
	if len(found) != 1 {
		return 0, false
	}
	m.used[found[0]] = true
	return m.series[found[0]], true
}

// share is a rate as a share of the links of a port that are up.
func (m *metrics) share(uuid, family string, labels ...string) (float64, bool) {
	rate, known := m.one(family, append(labels, "port_uuid", uuid)...)
	capacity, up := m.one("port_effective_capacity_bytes_per_second", "port_uuid", uuid)
	return rate / capacity, known && up
}

// compare fails the test for each number of a page that is not the value of its series,
// or whose text is not the number, and returns how many there are.
func (m *metrics) compare(t *testing.T, page *html.Node, want func(*metrics, figure) (float64, bool)) int {
	t.Helper()
	n := 0
	for _, f := range figures(t, page) {
		v, known := want(m, f)
		switch {
		case !known:
			t.Errorf("no series for %+v", f)
		case f.time && math.Abs(v-f.value) > 0.001 || !f.time && v != f.value:
			t.Errorf("%+v, /metrics says %v", f, v)
		case !f.time && !says(f.text, v):
			t.Errorf("%+v is shown for %v", f, v)
		}
		n++
	}
	return n
}

// allUsed fails the test for each series that matches and that the page does not show.
func (m *metrics) allUsed(t *testing.T, page string, match *regexp.Regexp) {
	t.Helper()
	n := 0
	for _, s := range slices.Sorted(maps.Keys(m.series)) {
		if match.MatchString(fmt.Sprintf("%s %v", s, m.series[s])) {
			n++
			if !m.used[s] {
				t.Errorf("the %s does not show %s %v", page, s, m.series[s])
			}
		}
	}
	if n == 0 {
		t.Errorf("no series is to be on the %s", page)
	}
}

// says reports whether a text is the value of a series with three digits.
func says(text string, v float64) bool {
	number, unit, _ := strings.Cut(text, " ")
	if d, err := time.ParseDuration(text); err == nil {
		return d.Seconds() == v
	}
	got, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return false
	}
	tolerance := 0.006 * math.Abs(v)
	switch prefix, name := strings.TrimSuffix(strings.TrimSuffix(unit, "bit/s"), "B/s"), unit; {
	case unit == "%":
		return math.Abs(got/100-v) <= 0.005+1e-9
	case currency.MatchString(unit):
		return math.Abs(got-v) <= 0.005
	case unit == "":
		return math.Abs(got-v) <= 0.5
	case strings.HasSuffix(name, "bit/s"):
		return math.Abs(got*factor(prefix)/8-v) <= tolerance
	default:
		return math.Abs(got*factor(prefix)-v) <= tolerance
	}
}

var currency = regexp.MustCompile("^[A-Z]{3}$")

func factor(prefix string) float64 {
	return map[string]float64{"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[prefix]
}

// figure is a number or a time on a page, and where it stands.
type figure struct {
	table   string // what its table is called after: ports, pairs, accounts, traffic …
	row     string // UUID, pair, account, or the first text of the row
	heading string // of its column
	soft    bool   // in small print
	index   int    // among those of the cell in the same print
	after   string // the text right after it
	text    string
	time    bool
	value   float64
}

var uuidOf = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// figures are all numbers and times in the body of a page but for the time of the page.
func figures(t *testing.T, page *html.Node) []figure {
	t.Helper()
	counts := map[string]int{}
	var all []figure
	for n := range page.Descendants() {
		if n.Type != html.ElementNode || n.Data != "data" && n.Data != "time" || ancestor(n, "header") != nil {
			continue
		}
		f := figure{text: textOf(n), time: n.Data == "time"}
		var err error
		if f.time {
			at, wrong := time.Parse(time.RFC3339Nano, attribute(n, "datetime"))
			f.value, err = float64(at.UnixNano())/1e9, wrong
		} else {
			f.value, err = strconv.ParseFloat(attribute(n, "value"), 64)
		}
		if err != nil {
			t.Errorf("%s: %v", f.text, err)
		}
		if n.NextSibling != nil {
			f.after = strings.Trim(n.NextSibling.Data, " ,.")
		}
		for p := n.Parent; p != nil; p = p.Parent {
			f.soft = f.soft || p.Data == "div" && attribute(p, "class") == "soft"
		}
		if row := ancestor(n, "tr"); row != nil {
			f.table = attribute(ancestor(n, "table"), "aria-labelledby")
			head := child(row, "th", 0)
			f.row = uuidOf.FindString(textOf(head))
			if f.row == "" || f.table == "pairs" {
				f.row = textOf(head)
				if b := descendant(head, "bdi"); b != nil {
					f.row = textOf(b)
				}
			}
			f.heading = textOf(child(descendant(descendant(ancestor(n, "table"), "thead"), "tr"), "", position(ancestor(n, "td"))))
		} else if list := ancestor(n, "ul"); list != nil {
			f.table, f.row = attribute(list, "aria-label"), textOf(descendant(ancestor(n, "li"), "bdi"))
		} else if dd := ancestor(n, "dd"); dd != nil {
			f.table, f.row = "facts", textOf(descendant(dd.Parent, "dt"))
		}
		key := fmt.Sprint(f.table, f.row, f.heading, f.soft)
		f.index = counts[key]
		counts[key]++
		all = append(all, f)
	}
	return all
}

func ancestor(n *html.Node, name string) *html.Node {
	for ; n != nil; n = n.Parent {
		if n.Data == name {
			return n
		}
	}
	return nil
}

func descendant(n *html.Node, name string) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			return d
		}
	}
	return nil
}

// child is the element of n at an index among those of that name, of any name without one.
func child(n *html.Node, name string, index int) *html.Node {
	for c := range n.ChildNodes() {
		if c.Type == html.ElementNode && (name == "" || c.Data == name) {
			if index == 0 {
				return c
			}
			index--
		}
	}
	return nil
}

func position(n *html.Node) (index int) {
	for n = n.PrevSibling; n != nil; n = n.PrevSibling {
		if n.Type == html.ElementNode {
			index++
		}
	}
	return index
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var all strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			all.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// ofLanding is the value of the series that a number of the landing page is.
func ofLanding(m *metrics, f figure) (float64, bool) {
	switch f.table + " " + f.heading {
	case " ": // of all ports
		return float64(len(m.find("port_info"))), f.after == "ports"
	case "Account ":
		return float64(len(m.find("port_info", "account", f.row))), true
	case "Metro ":
		return float64(len(m.find("port_info", "metro", f.row))), true
	case "ports Speed":
		if f.soft {
			return m.one("port_monthly_price", "port_uuid", f.row, "currency", f.text[len(f.text)-3:])
		}
		return m.one([]string{"port_capacity_bytes_per_second", "port_effective_capacity_bytes_per_second"}[f.index], "port_uuid", f.row)
	case "ports In":
		return m.rate(f, f.row, "inbound")
	case "ports Out":
		return m.rate(f, f.row, "outbound")
	case "ports Connections":
		sum := 0.0
		for _, s := range m.find("port_connections", "port_uuid", f.row) {
			if state := m.labels[s]["state"]; state != "DEPROVISIONED" && state != "CANCELLED" {
				sum += m.series[s]
			}
		}
		return sum, true
	case "ports Sample age":
		in, _ := m.one("port_traffic_last_sample_timestamp_seconds", "port_uuid", f.row, "direction", "inbound")
		out, _ := m.one("port_traffic_last_sample_timestamp_seconds", "port_uuid", f.row, "direction", "outbound")
		return max(in, out), true
	case "ports Polled ago":
		return m.one("port_poll_last_success_timestamp_seconds", "port_uuid", f.row)
	case "accounts Token expires in":
		return m.one("token_expiry_timestamp_seconds", "account", f.row)
	case "accounts Polled every":
		return m.one("poll_interval_seconds", "account", f.row, "class", []string{"traffic", "connections", "inventory"}[f.index])
	case "accounts Request budget":
		return m.one([]string{"poll_calls_per_cycle", "poll_budget_calls_per_cycle"}[f.index], "account", f.row)
	}
	return ofPair(m, f)
}

// rate is a number of a cell with a rate: the last polled one, p95 of a day, and their shares.
func (m *metrics) rate(f figure, uuid, direction string) (float64, bool) {
	family, labels := "port_traffic_last_bytes_per_second", []string{"direction", direction}
	if f.soft {
		family, labels = "port_traffic_p95_bytes_per_second", append(labels, "window", "1d")
	}
	if strings.HasSuffix(f.text, "%") {
		return m.share(uuid, family, labels...)
	}
	return m.one(family, append(labels, "port_uuid", uuid)...)
}

func ofPair(m *metrics, f figure) (float64, bool) {
	direction, which, _ := strings.Cut(strings.ToLower(f.heading), " ")
	switch {
	case f.table != "pairs":
		return 0, false
	case which == "now":
		return m.one("pair_failover_utilization_ratio", "pair", f.row, "direction", direction)
	default:
		return m.one("pair_failover_utilization_p95_ratio", "pair", f.row, "direction", direction, "window", "1d")
	}
}

// ofPort is the value of the series that a number of the page of a port is.
func ofPort(m *metrics, f figure, uuid string) (float64, bool) {
	port := func(family string, labels ...string) (float64, bool) {
		return m.one(family, append(labels, "port_uuid", uuid)...)
	}
	direction := []string{"direction", strings.ToLower(f.heading)}
	switch f.table {
	case "":
		return port("port_connections", "state", f.after)
	case "polls":
		if f.row == "traffic 1d" && f.heading == "Last success" {
			return port("port_poll_last_success_timestamp_seconds")
		}
		return f.value, f.time // of other polls there are no series
	case "facts":
		if status, ok := strings.CutPrefix(f.row, "Links "); ok {
			return port("port_lag_links", "status", status)
		}
		return port(map[string]string{
			"Line rate":                          "port_capacity_bytes_per_second",
			"Line rate of the links that are up": "port_effective_capacity_bytes_per_second",
			"Allocated to connections":           "port_allocated_bandwidth_bytes_per_second",
			"Free for connections":               "port_available_bandwidth_bytes_per_second",
			"Bandwidth of its connections":       "port_connections_bandwidth_bytes_per_second",
			"List price a month":                 "port_monthly_price",
		}[f.row])
	case "connections":
		return ofConnection(m, f)
	case "traffic":
		switch f.row {
		case "Now":
			return port("port_traffic_last_bytes_per_second", direction...)
		case "Share now":
			return m.share(uuid, "port_traffic_last_bytes_per_second", direction...)
		case "Share with one link less":
			return port("port_lag_failover_utilization_ratio", direction...)
		case "Packets dropped":
			return port("port_packets_dropped_total", direction...)
		case "Packets with errors":
			return port("port_packets_errored_total", direction...)
		case "Sample age":
			return port("port_traffic_last_sample_timestamp_seconds", direction...)
		}
		name, window := f.row[:strings.LastIndex(f.row, " ")], f.row[strings.LastIndex(f.row, " ")+1:]
		family := map[string]string{"Mean": "avg", "p95": "p95", "Share p95": "p95", "Highest": "max"}[name]
		labels := append(direction, "window", window)
		if strings.HasPrefix(name, "Share") {
			return m.share(uuid, "port_traffic_p95_bytes_per_second", labels...)
		}
		return port("port_traffic_"+family+"_bytes_per_second", labels...)
	}
	return ofPair(m, f)
}

// ofConnection is the value of the series that a number in the row of a connection is.
func ofConnection(m *metrics, f figure) (float64, bool) {
	direction := map[string]string{"In": "inbound", "Out": "outbound"}[f.heading]
	connection := func(family string, labels ...string) (float64, bool) {
		return m.one(family, append(labels, "connection_uuid", f.row)...)
	}
	switch {
	case f.heading == "Bandwidth":
		return connection("connection_bandwidth_bytes_per_second")
	case f.heading == "Sample age":
		in, _ := connection("connection_traffic_last_sample_timestamp_seconds", "direction", "inbound")
		out, _ := connection("connection_traffic_last_sample_timestamp_seconds", "direction", "outbound")
		return max(in, out), true
	case f.soft:
		return connection("connection_traffic_p95_bytes_per_second", "direction", direction, "window", "1d")
	case strings.HasSuffix(f.text, "%"):
		last, known := connection("connection_traffic_last_bytes_per_second", "direction", direction)
		bandwidth, ordered := connection("connection_bandwidth_bytes_per_second")
		return last / bandwidth, known && ordered
	default:
		return connection("connection_traffic_last_bytes_per_second", "direction", direction)
	}
}
