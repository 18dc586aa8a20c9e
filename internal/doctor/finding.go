package doctor

import (
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// status is how a check ended. What fails will be missing from the metrics;
// what warns may be missing, or late. A check is skipped where an earlier one
// leaves nothing to look at.
type status string

const (
	ok   status = "ok"
	warn status = "warn"
	fail status = "fail"
	skip status = "skip"
)

// statuses lists them all, in the order of the summary.
var statuses = []status{ok, warn, fail, skip}

// The checks, by the names that users see. They are a contract.
const (
	checkConfiguration = "configuration"
	checkCredentials   = "credentials"
	checkPorts         = "ports"
	checkVisibility    = "visibility"
	checkDiscover      = "discover"
	checkTrafficSource = "traffic_source"
	checkAttachment    = "attachment"
	checkSamples       = "samples"
	checkConnections   = "connections"

	checkConnectionTraffic    = "connection_traffic"
	checkConnectionAttachment = "connection_attachment"

	checkPairs  = "pairs"
	checkClock  = "clock"
	checkBudget = "budget"
)

// finding is the outcome of one check, or what it says of one object. Its texts
// are fit for a terminal.
type finding struct {
	account string // "" for the configuration
	check   string
	status  status
	object  string // UUID of a port, name of a source or a pair, path of a key; "" for the check as a whole
	detail  string // what was seen
	remedy  string // what to do; "" where there is nothing
}

func newFinding(s status, account, check, object, detail, remedy string) finding {
	return finding{
		account: clean(account), check: check, status: s,
		object: clean(object), detail: clean(detail), remedy: clean(remedy),
	}
}

// clean is text that neither steers a terminal nor names a person: names of
// ports may do both.
func clean(text string) string {
	return human.Printable(fabric.HideAddresses(text))
}

func count(findings []finding) map[status]int {
	n := map[status]int{}
	for _, f := range findings {
		n[f.status]++
	}
	return n
}
