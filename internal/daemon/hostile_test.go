package daemon_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const (
	hostileA = "aaaaaaaa-0000-4000-8000-00000000000a"
	hostileB = "bbbbbbbb-0000-4000-8000-00000000000b"
	link1    = "dddddddd-0000-4000-8000-000000000001"
	link2    = "dddddddd-0000-4000-8000-000000000002"
)

// canned is what a hostile API answers where the path ends like this.
type canned struct {
	path, body string
	status     int // 0 is 200
}

// answers are those of a hostile API; the first that fits counts, and what none
// fits is 404. The token is always good.
type answers []canned

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	if strings.HasSuffix(r.URL.Path, "/token") {
		return answer(http.StatusOK, `{"access_token":"t","token_timeout":"3600"}`), nil
	}
	for _, known := range a {
		if strings.HasSuffix(r.URL.Path, known.path) {
			return answer(cmp.Or(known.status, http.StatusOK), known.body), nil
		}
	}
	return answer(http.StatusNotFound, ``), nil
}

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}
}

// everything watches all that a hostile API lists, connections included, for
// accounts of these names.
func everything(source string, names ...string) string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  - {name: %s, client_id: %s, client_secret: x, discover: {enabled: true}, connections: {traffic: true}, traffic_source: %s}\n", name, name, source)
	}
	return b.String()
}

// samples is v3 statistics of both directions, each interval with its mean rate
// in Mbit/s.
func samples(means ...[2]any) string {
	var all []string
	for _, m := range means {
		all = append(all, fmt.Sprintf(`{"time":%q,"max":%v,"mean":%v}`, m[0], m[1], m[1]))
	}
	list := strings.Join(all, ",")
	return fmt.Sprintf(`{"capacity":1000000000,"inboundStats":[%s],"outboundStats":[%s]}`, list, list)
}

// In whatever order they come: the API promises none.
func TestDuplicatesAreMergedAndCounted(t *testing.T) {
	for name, backwards := range map[string]bool{"as listed": false, "backwards": true} {
		t.Run(name, func(t *testing.T) { duplicates(t, backwards) })
	}
}

func duplicates(t *testing.T, backwards bool) {
	first := map[bool]float64{false: 1, true: 9}[backwards] // the entry that counts, of those with 1 and 9
	// One physical port twice: a LAG of one would pass for one of two, and of twice the rate.
	const links = `[{"uuid":"cccccccc-0000-4000-8000-00000000000c","interfaceSpeed":1000,"operation":{"operationalStatus":"UP"}},{"uuid":"CCCCCCCC-0000-4000-8000-00000000000C","interfaceSpeed":1000,"operation":{"operationalStatus":"UP"}}]`
	port := func(uuid string, speed int) string {
		return fmt.Sprintf(`{"uuid":%q,"name":"twin","state":"ACTIVE","bandwidth":%d,"physicalPorts":%s}`, uuid, speed, links)
	}
	connection := func(uuid string, speed int, a, z string) string {
		return fmt.Sprintf(`{"uuid":%q,"name":"link","state":"ACTIVE","bandwidth":%d,"aSide":{"accessPoint":{"port":{"uuid":%q}}},"zSide":{"accessPoint":{"port":{"uuid":%q}}}}`, uuid, speed, a, z)
	}
	list := func(items ...string) string {
		if backwards {
			slices.Reverse(items)
		}
		return `{"data":[` + strings.Join(items, ",") + `]}`
	}
	api := answers{
		// One port twice, and another of the same name.
		{path: "/v4/ports", body: list(port(hostileA, 1000), port(strings.ToUpper(hostileA), 9000), port(hostileB, 1000))},
		// One connection twice, between both ports, and another of the same name.
		{path: "/connections/search", body: list(connection(link1, 100, hostileA, hostileB), connection(link1, 900, hostileA, hostileB), connection(link2, 10, hostileA, ""))},
		{path: "/port/" + hostileA, body: samples([2]any{"1999-12-31T23:45:00Z", 1}, [2]any{"1999-12-31T23:50:00Z", 80}, [2]any{"1999-12-31T23:50:00.000+0000", 40})},
		{path: "/port/" + hostileB, body: samples([2]any{"1999-12-31T23:50:00Z", 8})},
	}
	synctest.Test(t, func(t *testing.T) {
		e, stop := start(t, api, text(everything("auto", "first", "second")))
		time.Sleep(40 * time.Minute) // the first account has its ports, whoever lists them first
		got := e.series(t)
		stop()
		a, b := `port_name="twin",port_uuid="`+hostileA+`"`, `port_name="twin",port_uuid="`+hostileB+`"`
		for series, want := range map[string]float64{
			`port_capacity_bytes_per_second{` + a + `}`:                                                     first * 1e9 / 8,
			`port_capacity_bytes_per_second{` + b + `}`:                                                     1e9 / 8,
			`port_effective_capacity_bytes_per_second{` + a + `}`:                                           1e9 / 8,
			`port_lag_links{` + a + `,status="UP"}`:                                                         1,
			`port_connections{` + a + `,state="ACTIVE"}`:                                                    2,
			`port_connections{` + b + `,state="ACTIVE"}`:                                                    1,
			`port_connections_bandwidth_bytes_per_second{` + a + `}`:                                        (first*100 + 10) * 1e6 / 8,
			`connection_bandwidth_bytes_per_second{connection_name="link",connection_uuid="` + link1 + `"}`: first * 100e6 / 8,
			`port_traffic_last_bytes_per_second{direction="inbound",` + a + `}`:                             40e6 / 8,
			`port_traffic_p95_bytes_per_second{direction="inbound",` + a + `,window="1d"}`:                  40e6 / 8,
			`connections_watched{account="first"}`:                                                          2,
			`port_conflicts_total{account="second"}`:                                                        2,
			`port_poll_success{` + a + `}`:                                                                  1,
		} {
			if v, ok := got[series]; !ok || v != want {
				t.Errorf("%s is %v (%v), want %v", series, v, ok, want)
			}
		}
		for _, kind := range []struct {
			name, op string
			each     float64 // in one answer
		}{{"port", "v4_ports", 1}, {"link", "v4_ports", 2}, {"connection", "v4_connections_search", 1}} {
			series := fmt.Sprintf("duplicates_total{account=%q,kind=%q}", "first", kind.name)
			calls := got[fmt.Sprintf("api_requests_total{account=%q,code=%q,operation=%q}", "first", "200", kind.op)]
			if calls == 0 || got[series] != kind.each*calls {
				t.Errorf("%s is %v, of %v answers with %v each", series, got[series], calls, kind.each)
			}
		}
		if n := got[`duplicates_total{account="first",kind="sample"}`]; n < 2*6 || n > 2*9 { // one in each direction
			t.Errorf("%v repeated samples in 40 minutes", n)
		}
		if log := e.log.String(); !strings.Contains(log, "kind=port uuid="+hostileA+" repetitions=1") {
			t.Errorf("the log does not say what was listed twice:\n%s", log)
		}
	})
}

func TestMaxSeriesHoldsAndIsReloaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 700
		config := text(discovery("    discover: {enabled: true}\n    connections: {traffic: true}\n    max_series: 700\n"))
		e, stop := start(t, fabrictest.New(fabrictest.Options{}).Transport(), config)
		time.Sleep(20 * time.Minute)
		count := func() (shown int, dropped float64) {
			series := e.series(t)
			for s := range series {
				if strings.Contains(s, "port_uuid=") || strings.Contains(s, "connection_uuid=") || strings.Contains(s, "pair=") {
					shown++
				}
			}
			return shown, series[`series_dropped{account="prod"}`]
		}
		shown, dropped := count()
		if shown > most || shown <= most/4 || dropped == 0 {
			t.Errorf("%d series shown, %v dropped", shown, dropped)
		}
		config.Store(discovery("    discover: {enabled: true}\n    connections: {traffic: true}\n"))
		if err := e.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all, none := count(); none != 0 || float64(all) != float64(shown)+dropped {
			t.Errorf("without a limit %d series shown, %v dropped; with it %d and %v", all, none, shown, dropped)
		}
		stop()
	})
}
