package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMinimalAPIConnections watches one of thirty connections of an API that has
// no traffic of them.
func TestMinimalAPIConnections(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	const optIn = "    connections: {traffic: true, include: [{state: PROVISIONED}], max: 1}\npoll:\n"
	config := write(t, t.TempDir(), "config.yml", strings.Replace(fixtureConfig(api, inFile...), "poll:\n", optIn, 1))
	x := startRun(t, nil, config)
	base := x.url(t)
	want := samples{}
	want.add(`account="default"`, row{"connections_selected", ``, 30}, row{"connections_watched", ``, 1})
	const uuid = "eeeeeeee-0000-4000-8000-000000000060" // the first by UUID of those on uplink
	want.add(fmt.Sprintf(`connection_uuid=%q,connection_name=%q`, uuid, uuid),
		row{"connection_info", `account="default",port_uuid="` + uplinkUUID + `",port_name="uplink-1",side="a",type="",connection_direction="",` +
			`a_side="` + uplinkUUID + `",z_side="9b1d6c82-b30e-4b87-8564-0781f514e0bf",a_side_type="",z_side_type="",` +
			`a_side_metro="",z_side_metro="",vlan="",redundancy_group="",redundancy_priority=""`, 1},
		row{"connection_state", `state="PROVISIONED"`, 1},
		row{"connection_status", `side="equinix",status="PROVISIONED"`, 1},
		row{"connection_status", `side="provider",status="AVAILABLE"`, 1},
		row{"connection_bandwidth_bytes_per_second", ``, 12_500_000},
		row{"connection_poll_success", ``, 0},
	)
	connections := func(name string) bool { return strings.HasPrefix(name, prefix+"connection") }
	eventually(t, func() error {
		if diff := cmp.Diff(want, values(scrapeOnce(t, base), connections)); diff != "" {
			return fmt.Errorf("series (-want +got):\n%s", diff)
		}
		return nil
	})
	ready(t, base)
	eventually(t, func() error {
		if log := x.stderr.String(); !strings.Contains(log, "raise connections.max") || !strings.Contains(log, "knows the connections") {
			return fmt.Errorf("the log does not say what to do:\n%s", log)
		}
		return nil
	})
}

// testConnections evaluates what is true of any connections, and asks what users
// ask of those of a fleet that is known.
func testConnections(t *testing.T, s *server, at time.Time) {
	for _, c := range []struct{ subject, claim string }{
		{`connection_traffic_p95_bytes_per_second`, `<= connection_traffic_max_bytes_per_second`},
		{`connection_traffic_avg_bytes_per_second`, `<= connection_traffic_max_bytes_per_second`},
		{`connection_traffic_last_bytes_per_second`, `<= ignoring (window) connection_traffic_max_bytes_per_second{window="1d"}`},
		{`connection_traffic_max_bytes_per_second`, `<= on (connection_uuid) group_left () connection_bandwidth_bytes_per_second * 1.001`},
		{`connection_traffic_max_bytes_per_second`, `and on (window) traffic_window_info`},
		{`count by (connection_uuid) (connection_info)`, `== 1`},
		{`count by (connection_uuid) (connection_state)`, `== 1`},
		{`count by (connection_uuid, side) (connection_status)`, `== 1`},
		{`sum by (connection_uuid) (connection_operational_status)`, `== 1`},
		{`count by (connection_uuid) (connection_operational_status)`, `== 2`},
		{`connection_info`, `and on (port_uuid, port_name, account) port_info`},
		{`count by (account) (connection_info)`, `== on (account) connections_watched`},
		{`connections_watched`, `== connections_selected`},
		{`connection_poll_success`, `== 1`},
		{`connection_metrics_attached`, `>= 0 <= 1`},
		{`connection_packets_dropped_total`, `>= 0`},
		{`count by (connection_uuid) (connection_packets_dropped_total)`, `== 4`},
		{`time() - connection_traffic_last_sample_timestamp_seconds`, `>= 0 < 25 * 60`},
		{`time() - connection_poll_last_success_timestamp_seconds`, `>= 0 < 120`},
	} {
		holds(t, s, at, c.subject, c.claim)
	}
	for _, q := range []struct {
		name, by, expr string
		want           map[string]float64
	}{
		{"watched", "account", `connections_watched`, map[string]float64{"classic": 26, "metrics": 24}},
		{"sources", "source", `connection_traffic_source_info`, map[string]float64{"v4-stats": 1, "v4-metrics": 1}},
		{"seen from", "side", `count by (side) (connection_info{account="classic"})`, map[string]float64{"a": 22, "z": 4}},
		{"down", "connection_name", `connection_operational_status{status="DOWN"} == 1`, map[string]float64{"azure-er-FR-0017": 1, "gcp-ic-FR-0035": 1}},
		{
			"at its rate", "connection_name",
			`group by (connection_name) (connection_traffic_max_bytes_per_second{window="30d"}
				> on (connection_uuid) group_left () connection_bandwidth_bytes_per_second * 0.999)`,
			map[string]float64{"bulk-transfer-SG": 1, "cdn-fill-SG": 1},
		},
		{
			"redundant", "redundancy_priority", `connection_info{connection_name=~"core-to-edge-.*"}`,
			map[string]float64{"PRIMARY": 1, "SECONDARY": 1},
		},
		{"not attached", "attached", `label_replace(count(connection_metrics_attached == 0), "attached", "no", "", "")`, map[string]float64{"no": 12}},
		{"ended", "state", `count by (state) (connection_state{state=~"CANCELLED|DRAFT"})`, map[string]float64{"CANCELLED": 2, "DRAFT": 1}},
	} {
		if diff := cmp.Diff(q.want, by(t, s.query(t, complete(t, q.expr), at), q.by)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", q.name, q.expr, diff)
		}
	}
}
