package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var accountScenarios = []scenario{
	{Switch: fabrictest.Switch{Fault: "token-expired", After: 7}, outcome: outcome{
		calls: usual, reasons: "auth", refusals: 1, note: "one call is refused, and made again with a new token",
	}},
	{Switch: of("token-endpoint-down"), lasts: 2*time.Hour + 20*time.Minute, outcome: outcome{
		// The token at hand is good for half an hour more.
		lead: 30 * time.Minute, ends: everything, down: true, failing: true, reasons: "server", calls: calls{100, 130},
		note: "until the token ends nothing is amiss; from then on the API is asked for tokens only, every half a minute at the most",
	}},
	{Switch: of("login-refused"), mend: reload, outcome: refused},
	{Switch: of("login-locked"), mend: reload, outcome: refused},
	{Switch: of("clock-ahead"), outcome: outcome{calls: usual, also: newest, note: "samples are asked for, and shown, up to the exporter's time"}},
	{Switch: of("clock-behind"), outcome: outcome{
		calls: usual, lost: []string{"port_traffic_last_bytes_per_second", "pair_failover_utilization_ratio", "port_lag_failover_utilization_ratio"},
		note: "the newest sample looks an hour old, so it is not called the last one; windows stay",
	}},
	{Switch: of("suspend"), outcome: outcome{
		calls: usual, reasons: "auth", note: "as of a virtual machine whose clock was not put right; else see below",
	}},
	{Switch: of("http-503"), title: "http-503, one of three accounts", accounts: 3, outcome: answered("server", fiveTimes)},
	{Switch: fabrictest.Switch{Fault: "port-removed", Port: fabrictest.DemoSecondary, After: 5}, outcome: outcome{
		calls: calls{36, 52}, reasons: "not_found", leaves: fabrictest.DemoSecondary, back: listed,
		lost: []string{"pair_info", "pair_failover_utilization_ratio", pairP95}, lostBy: listed,
		note: "the polls of the port fail until the next listing, which ends its series; the others stay",
	}},
	{Switch: fabrictest.Switch{Fault: "port-added", Port: fabrictest.DemoLAG, After: 5}, outcome: outcome{
		calls: calls{54, 78}, comes: "-TWIN", note: "its series begin with the next listing, and end with the one after it has left",
		also: func(l timeline) []string {
			for _, m := range l.marks {
				n := 0
				for series := range m.series {
					if strings.Contains(series, fabrictest.DemoLAG+"-TWIN") && classOf(family(series)) == traffic {
						n++
					}
				}
				if m.at > listed && n != 8 {
					return []string{fmt.Sprintf("%d traffic series of the new port after %v", n, m.at)}
				}
			}
			return nil
		},
	}},
}

// newest says where the samples of the hour that the API is ahead are missing.
func newest(l timeline) (wrong []string) {
	for _, m := range l.marks {
		for series, v := range m.series {
			const poll, interval = 7 * time.Minute, 5 * time.Minute
			age := l.began.Add(m.at).Sub(time.Unix(int64(v), 0))
			if m.at >= polled && family(series) == "port_traffic_last_sample_timestamp_seconds" && age > poll+interval {
				wrong = append(wrong, fmt.Sprintf("%s is %v old after %v", series, age, m.at))
			}
		}
	}
	return wrong
}

// refused is the outcome of credentials that are not believed.
var refused = outcome{
	ends: everything, down: true, failing: true, reasons: "auth", calls: calls{20, 60},
	note: "the token at hand is tried until it ends, once a poll; three logins at the most, the last one an hour after the second; then only a reload, or another secret, brings one more",
	also: func(l timeline) (wrong []string) {
		last := l.marks[len(l.marks)-1].series
		if n := last[fmt.Sprintf(`api_errors_total{account=%q,operation="token",reason="auth"}`, account(0))]; n != 3 {
			wrong = append(wrong, fmt.Sprintf("%v logins were refused", n))
		}
		if last[fmt.Sprintf(`login_suspended{account=%q}`, account(0))] != 1 {
			wrong = append(wrong, "login_suspended is not 1")
		}
		return wrong
	},
}

func reload(t *testing.T, e *exporter) {
	if err := e.Reload(t.Context()); err != nil {
		t.Error(err)
	}
}
