package faults_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var accountScenarios = []scenario{
	{Switch: fabrictest.Switch{Fault: "token-expired", After: 7}, outcome: outcome{
		calls: usual, reasons: "auth", refusals: 1, note: "the refused call is repeated with a new token",
	}},
	{Switch: of("token-endpoint-down"), lasts: 2*time.Hour + 20*time.Minute, outcome: tokenless("server", calls{100, 130})},
	{Switch: of("login-refused"), mend: reload, outcome: refused},
	{Switch: of("login-locked"), mend: reload, outcome: refused},
	{Switch: of("clock-ahead"), outcome: outcome{calls: usual, also: newest, note: "the exporter asks for samples, and shows them, up to its own time"}},
	{Switch: of("clock-behind"), outcome: outcome{
		calls: usual, lost: []string{"port_traffic_last_bytes_per_second", "pair_failover_utilization_ratio", "port_lag_failover_utilization_ratio"},
		note: "the newest sample looks an hour old, so the last polled rate is absent; windows stay",
	}},
	{Switch: of("suspend"), outcome: outcome{
		calls: usual, reasons: "auth", note: "like a virtual machine whose clock was not corrected; for other machines see below",
	}},
	{Switch: of("http-503"), title: "http-503, one of three accounts", accounts: 3, outcome: answered("server", fiveTimes)},
	{Switch: of("http-503"), title: "http-503, two windows", windows: true, lasts: 5*time.Hour + 10*time.Minute, outcome: twoWindows(answered("server", fiveTimes))},
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
	ends: everything, down: true, failing: true, reasons: "auth", calls: calls{28, 44},
	note: fmt.Sprintf("the exporter uses its token until it expires, once per poll; after %d logins there are no more: see below", refusedLogins),
	also: func(l timeline) (wrong []string) {
		last := l.marks[len(l.marks)-1].series
		if n := last[fmt.Sprintf(`api_errors_total{account=%q,operation="token",reason="auth"}`, account(0))]; n != refusedLogins {
			wrong = append(wrong, fmt.Sprintf("%v logins were refused", n))
		}
		if last[fmt.Sprintf(`login_suspended{account=%q}`, account(0))] != 1 {
			wrong = append(wrong, "login_suspended is not 1")
		}
		return wrong
	},
}

// refusedLogins is how many logins are tried with credentials that are refused.
const refusedLogins = 3

// tokenless is the outcome of a token endpoint that is of no use. The token at
// hand is good for half an hour more.
func tokenless(reasons string, n calls) outcome {
	return outcome{
		lead: 30 * time.Minute, ends: everything, down: true, failing: true, reasons: reasons, calls: n,
		note: "until the token expires everything works; from then on the exporter asks only for tokens",
	}
}

// twoWindows is o with a window that lives longer.
func twoWindows(o outcome) outcome {
	o.long, o.full = true, 80*time.Minute
	o.note = "a window of " + longWindow + " is polled once an hour; its traffic, and the capacity of the line that comes with it, end " +
		between(ending[hourly].whole, ending[hourly].gone)
	return o
}

func reload(t *testing.T, e *exporter) {
	if err := e.Reload(t.Context()); err != nil {
		t.Error(err)
	}
}
