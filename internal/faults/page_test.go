package faults_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var update = flag.Bool("update", false, "rewrite the generated page")

// pageHead is the page up to the table; what is formatted are constants of the tests.
var pageHead = backticked(fmt.Sprintf(`<!-- Generated from the scenarios of this package by "make golden"; a test compares it with them. -->

# Faults

A test report: what the exporter does when an API, a network or a clock is broken. Each
row of the table is a scenario that the tests play. A daemon with the default intervals
polls three or four ports and is healthy. Then the fault begins and stays; at the end it
is removed. You can try the faults whose names are written as 'code' under the demo,
where a cycle takes a minute: see [demo.md](../../docs/demo.md).

Unless its row says otherwise, every value shown during the fault is the value from before
it, and every traffic figure is one that the API really had, or it is absent. There is one
exception, because such a rate is possible: a burst below %d times the line rate is shown
and counted in 'implausible_intervals_total'. This matters if a port is idle (see 'absurd').
Packet counts are accepted up to what the line can carry. Until the line rate is known,
rates are accepted and packet counts wait.

- **ends**: series that end. A series ends when it is five of its intervals old: traffic and
  connections %s, inventory %s. All other series stay as they
  were, and so do 'port_info' and the series about the exporter's own work. Utilization ends
  with the first of its parts. A family that ends at once is named: it ends within %.0f
  minutes, or within %.0f if it comes from the listing.
- **up**, **poll**: the value of 'up' of the account and of 'port_poll_success' of its ports,
  and how many minutes after the beginning of the fault they have it at the latest.
- **reason**: the reason of the errors in 'api_errors_total'; empty if none are counted.
- **calls**: how many requests reach the API in the first hour. Without a fault it is
  %v, with four ports %v.
- **back**: how long after the end of the fault, at the latest, traffic, connections and 'up'
  are there again; then how long until everything is. Each kind of data waits for its
  next poll.

Other accounts are not affected: their values, errors and calls stay the same.

| fault | what it does | ends | up | poll | reason | calls | back | |
|---|---|---|---|---|---|---|---|---|
`, overLine, between(ending[traffic].whole, ending[traffic].gone), between(ending[inventory].whole, ending[inventory].gone),
	polled.Minutes(), listed.Minutes(), usual, usualOfFour))

// pageTail is the page after the table.
var pageTail = backticked(fmt.Sprintf(`
## Refused logins

After %d logins with credentials that are refused, the last of them an hour after the
second, there are no more until the secret changes. A reload allows one more, once. With
a [state file](../../docs/configuration.md) this limit holds over any number of restarts
(%s in %s); without one, the count restarts with the process.

## The exporter's own clock

The age of a value is measured with the wall clock and the monotonic clock; the larger
age counts.

| what | at once | then |
|---|---|---|
| the machine sleeps for %s | %s end, 'up' is 0 | %s; within %.0f minutes traffic, connections and 'up' are back, within %.0f everything, with no more calls in an hour than usual |
| the clock is set ahead by %s | %s end, 'up' is 0, because it could have been a sleep | they come back in the same way; the newest samples look an hour old, so %s are absent until the clock is corrected |
| the clock is set back by %s | nothing ends | the exporter asks for samples, and shows them, up to its own time; what is not polled any more ends as usual |

## Large answers

An answer is read to %d MiB, uncompressed, and not at all if its header says that it
is larger. An answer with more than 300,000 values is refused before it is decoded: it
would be many times as large in memory. A listing has no more than 25,000 entries over
all its pages.
`, refusedLogins, "'"+restarts.test+"'", "'"+restarts.file+"'",
	counted(int(slept.Hours()), "hour"), list(afterSleep), counted(loginsAfterSleep, "login"), oneInterval.Minutes(), oneListing.Minutes(),
	counted(int(jumped.Hours()), "hour"), list(afterJump), list(whileAhead), counted(int(jumped.Hours()), "hour"), bodyLimit>>20))

// restarts is the test of what no scenario here plays: restarts with a state file.
var restarts = struct{ file, test string }{"internal/daemon/state_test.go", "TestRestartsKeepTheCountOfRefusedLogins"}

// The page names a test elsewhere, which must be there.
func TestThePageNamesATestThatIsThere(t *testing.T) {
	source, err := os.ReadFile("../../" + restarts.file)
	if err != nil || !bytes.Contains(source, []byte("\nfunc "+restarts.test+"(t *testing.T) {")) {
		t.Errorf("%v, or %s has no %s", err, restarts.file, restarts.test)
	}
}

// backticked has code in the quotes of Markdown, which a raw string cannot hold.
func backticked(text string) string { return quoted.ReplaceAllString(text, "`$1`") }

var quoted = regexp.MustCompile(`'([A-Za-z_./]+)'`)

// list is names in prose: those of classes as they are, the others as code.
func list(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		if all[i] = n; strings.Contains(n, "_") {
			all[i] = "'" + n + "'"
		}
	}
	last := len(all) - 1
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

func counted(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprint(n, " ", what, "s")
}

// TestPageIsGeneratedFromTheScenarios compares README.md with the table of scenarios.
func TestPageIsGeneratedFromTheScenarios(t *testing.T) {
	const path = "README.md"
	var b strings.Builder
	b.WriteString(pageHead)
	does := map[string]string{}
	for _, k := range fabrictest.Catalogue() {
		does[k.Name] = k.Does
	}
	for _, s := range scenarios() {
		scope := ""
		if s.Path != "" {
			scope = " of `" + s.Path + "`"
		}
		name, what := ticked(s.Fault)+strings.TrimPrefix(s.name(), s.Fault), does[s.Fault]
		if s.own != nil {
			name, what = s.title, s.own.does
		}
		fmt.Fprintf(&b, "| %s%s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, scope, what,
			s.endings(), zeroOr1(s.down, s.downBy()), zeroOr1(s.failing, s.failBy()),
			ticked(strings.Fields(s.reasons)...), s.calls, s.backs(), s.note)
	}
	b.WriteString(pageTail)
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("run make golden (-page +scenarios)\n%s", diff)
	}
}

// between says when something happens.
func between(from, to time.Duration) string {
	if to <= 2*time.Hour {
		return fmt.Sprintf("after %.0f to %.0f minutes", from.Minutes(), to.Minutes())
	}
	return fmt.Sprintf("after %s to %s", strings.TrimSuffix(from.String(), "0s"), strings.TrimSuffix(to.String(), "0s"))
}

func (o outcome) endings() string {
	var all []string
	for _, c := range o.ends {
		all = append(all, string(c))
	}
	if len(o.ends) == len(everything) {
		all = []string{"all three"}
	}
	if len(o.lost) > 0 {
		all = append(all, ticked(o.lost...))
	}
	if o.rates {
		all = append(all, "every rate of the listing")
	}
	if o.leaves != "" {
		all = append(all, "all of that port")
	}
	if o.lead > 0 {
		all = append(all, fmt.Sprintf("%.0f minutes later", o.lead.Minutes()))
	}
	return strings.Join(all, ", ")
}

func (o outcome) backs() string {
	back, full := o.backBy().Round(time.Minute), o.fullBy().Round(time.Minute)
	return fmt.Sprintf("%.0f min, %.0f min", back.Minutes(), full.Minutes())
}

func (c calls) String() string {
	if c.from == c.to {
		return fmt.Sprint(c.from)
	}
	return fmt.Sprintf("%d to %d", c.from, c.to)
}

// zeroOr1 is a cell: 0 from a time on, else 1 all the time.
func zeroOr1(zero bool, by time.Duration) string {
	if zero {
		return fmt.Sprintf("0 (%.0f min)", by.Minutes())
	}
	return "1"
}

func ticked(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
