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
var pageHead = backticked(fmt.Sprintf(`<!-- Generated from the scenarios of internal/faults by "make golden"; a test holds it against them. -->

# Faults

What the exporter makes of an API, a network or a clock that is broken. Each row is a
scenario that the tests play: a daemon with the default intervals watches three or four
ports and is well, then the fault begins and stays, and in the end it is taken away. Those
in 'code' can be tried by hand under the demo, where a cycle takes a minute: see
[demo.md](demo.md).

Unless its row says otherwise, every value that is shown meanwhile is the one before the
fault, and every traffic figure is one that the API meant, or it is not there. The exception
is what could be so: a burst below %d times the rate of the line is shown, which matters
where a port is idle (see 'absurd'), and counted in
'implausible_intervals_total'; packets are counted as far as the line could carry them.
While the rate of the line is not known yet, rates are believed and packets wait.

- **ends**: series that are five of their intervals old end: those of traffic and
  connections %s, those of the inventory %s.
  The others stay as they were, and so do 'port_info' and the series about the exporter's
  own work. Utilization ends with the first of its parts. Families are named where they
  end at once, within %.0f minutes, or %.0f where the listing says it.
- **up**, **poll**: what 'up' of the account and 'port_poll_success' of its ports say, and
  from how many minutes after the beginning at the latest.
- **reason**: that of the errors in 'api_errors_total'; none are counted where there is none.
- **calls**: requests that the API takes in the first hour; %v where all is well, and
  %v with four ports.
- **back**: when traffic, connections and 'up' are there again after the end of the fault,
  and when all is, at the latest: every interval has to come round.

Other accounts notice nothing: their values, their errors and their calls are as ever.

| fault | what it does | ends | up | poll | reason | calls | back | |
|---|---|---|---|---|---|---|---|---|
`, overLine, between(ending[traffic].whole, ending[traffic].gone), between(ending[inventory].whole, ending[inventory].gone),
	polled.Minutes(), listed.Minutes(), usual, usualOfFour))

// pageTail is the page after the table.
var pageTail = backticked(fmt.Sprintf(`
## Refused logins

After %d logins with credentials that are refused, the last of them an hour after the
second, there are no more until the secret changes. A reload grants one more, once. With
a [state file](configuration.md) this holds over any number of restarts (%s
in %s); without one, each restart counts anew.

## The exporter's own clock

Ages are taken by the wall clock or the monotonic one, whichever says more.

| what | at once | then |
|---|---|---|
| the machine has slept, for %s | %s end, 'up' is 0 | %s; within %.0f minutes traffic, connections and 'up' are back, within %.0f everything, with no more calls in an hour than ever |
| the clock is set ahead, by %s | %s end, 'up' is 0: it might have been a sleep | they come back alike; the newest samples look an hour old, so %s stay away until the clock is put right |
| the clock is set back, by %s | nothing ends | samples are asked for, and shown, up to the exporter's time; what is not polled any more ends as ever |

## Large answers

An answer is read to %d MiB, uncompressed, and not at all if its header says that it
is larger. An answer with more than 300,000 values is refused before it is decoded: it
would be many times as large in memory. A listing has no more than 25,000 entries over
all its pages.
`, refusedLogins, "'"+restarts.test+"'", "'"+restarts.file+"'",
	counted(int(slept.Hours()), "hour"), list(afterSleep), counted(loginsAfterSleep, "login"), oneInterval.Minutes(), oneListing.Minutes(),
	counted(int(jumped.Hours()), "hour"), list(afterJump), list(whileAhead), counted(int(jumped.Hours()), "hour"), bodyLimit>>20))

// restarts is the test of what no scenario here plays: restarts with a state file.
var restarts = struct{ file, test string }{"internal/daemon/state_test.go", "TestRestartsDoNotCountRefusedLoginsAnew"}

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

// TestPageIsGeneratedFromTheScenarios holds docs/faults.md against the table.
func TestPageIsGeneratedFromTheScenarios(t *testing.T) {
	const path = "../../docs/faults.md"
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
