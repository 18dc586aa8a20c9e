package faults_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func of(fault string) fabrictest.Switch { return fabrictest.Switch{Fault: fault} }

// everything is what ends when no call comes through.
var everything = []class{traffic, connections, inventory}

// silent is the outcome of an API that says nothing of use. reasons are those of
// the errors, calls those of the first hour.
func silent(reasons string, from, to int) outcome {
	return outcome{ends: everything, down: true, failing: true, reasons: reasons, calls: calls{from, to}}
}

// once is the number of calls where each of them is made once, and five times
// where it is tried four times again: in an hour, of three ports and one search for
// connections every five minutes, and a listing every fifteen.
var (
	once      = calls{46, 58}
	twice     = calls{92, 116}
	fiveTimes = calls{230, 290}
)

func answered(reasons string, n calls) outcome { return silent(reasons, n.from, n.to) }

var networkScenarios = []scenario{
	{Switch: of("refused"), outcome: unreached},
	{Switch: of("dns-gone"), outcome: unreached},
	{Switch: of("tls-failure"), outcome: unreached},
}

var unreached = outcome{
	ends: everything, down: true, failing: true, reasons: "transport",
	note: fmt.Sprintf("no request reaches the API; in %.0f minutes %v are tried, and %v logins", lasting.Minutes(), triedData, triedLogins),
	also: func(l timeline) (wrong []string) {
		data, logins := 0, 0
		for series, v := range l.marks[len(l.marks)-1].series {
			switch n := int(v - l.before[series]); {
			case family(series) != "api_requests_total" || !strings.Contains(series, `code="none"`):
			case strings.Contains(series, `operation="token"`):
				logins += n
			default:
				data += n
			}
		}
		if data < triedData.from || data > triedData.to || logins < triedLogins.from || logins > triedLogins.to {
			wrong = append(wrong, fmt.Sprintf("%d requests and %d logins were tried", data, logins))
		}
		return wrong
	},
}

// Requests and logins that are tried while none gets through, each of them five
// times. The token ends on the way, and requests without one are not tried.
var triedData, triedLogins = calls{110, 150}, calls{130, 180}

var bodyScenarios = []scenario{
	{Switch: of("slow-headers"), outcome: answered("timeout", twice)},
	{Switch: of("slow-body"), outcome: answered("timeout", twice)},
	{Switch: of("dropped"), outcome: answered("transport", fiveTimes)},
	{Switch: of("cut-body"), outcome: answered("transport", fiveTimes)},
	{Switch: of("truncated-json"), outcome: answered("decode", once)},
	{Switch: of("html"), outcome: answered("decode", once)},
	{Switch: listings("gzip-bomb"), lasts: time.Hour, outcome: unlisted},
	{Switch: listings("huge-body"), lasts: time.Hour, outcome: unlisted},
	{Switch: of("dense-body"), outcome: answered("decode", once)},
	{Switch: of("wrong-types"), outcome: answered("decode", once)},
	{Switch: of("nulls"), outcome: outcome{
		ends: everything, reasons: "decode", calls: once,
		note: "statistics without a value change nothing, and are not an error",
	}},
	{Switch: login("truncated-json"), lasts: 2*time.Hour + 20*time.Minute, outcome: tokenless("decode", calls{44, 56})},
	{Switch: login("html"), lasts: 2*time.Hour + 20*time.Minute, outcome: tokenless("decode", calls{44, 56})},
	{Switch: of("repeated-page"), more: crowded, outcome: unsteady},
	{Switch: of("changing-total"), more: crowded, outcome: unsteady},
	{Switch: of("changing-total"), title: "changing-total, ports on two pages", paged: true, outcome: unsteady},
}

// login is a fault of the token endpoint.
func login(fault string) fabrictest.Switch {
	return fabrictest.Switch{Fault: fault, Path: "/oauth2/v1/token"}
}

// listings is a fault of the listing and the searches. All calls, with 8 MiB each,
// would take minutes; see TestEndlessAnswersAreReadToTheLimit.
func listings(fault string) fabrictest.Switch {
	return fabrictest.Switch{Fault: fault, Path: "/fabric/v4/*"}
}

var unlisted = outcome{ends: []class{connections, inventory}, reasons: "decode", calls: once}

// crowded is a port with more connections than fit on a page.
var crowded = []string{fabrictest.DemoCrowded}

// unsteady is the outcome of listings that contradict themselves.
var unsteady = outcome{
	ends: []class{connections, inventory}, calls: calls{62, 100},
	note: "each listing fails; no answer by itself is an error, so none is counted, and the log says it",
	also: func(l timeline) []string {
		if !strings.Contains(l.log, "listing is inconsistent") {
			return []string{"the log does not say it"}
		}
		return nil
	},
}
