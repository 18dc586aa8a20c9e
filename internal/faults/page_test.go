package faults_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var update = flag.Bool("update", false, "rewrite the generated page")

const pageHead = `<!-- Generated from the scenarios of internal/faults by "make golden"; a test holds it against them. -->

# Faults

What the exporter makes of an API, a network or a clock that is broken. Each row is a
scenario that the tests play: a daemon with the default intervals watches three ports
and is well, then the fault begins and stays, and in the end it is taken away. Each
can be tried by hand under the demo, where a cycle takes a minute: see [demo.md](demo.md).
Whatever the fault, every traffic figure on /metrics is one that the API meant, or it
is not there.

- **ends**: series that are five of their intervals old end: those of traffic and
  connections after 20 to 25 minutes, those of the inventory after 56 to 75 minutes.
  The others stay as they were, and so do ` + "`port_info`" + ` and the series about the exporter's
  own work. Utilization ends with the first of its parts. Families are named where they
  end with the next poll.
- **up**, **poll**: what ` + "`up`" + ` of the account and ` + "`port_poll_success`" + ` of its ports say after
  a quarter of an hour.
- **reason**: that of the errors in ` + "`api_errors_total`" + `; none are counted where there is none.
- **calls**: requests that the API takes in the first hour; about 54 where all is well.
- **back**: when traffic, connections and ` + "`up`" + ` are there again after the end of the fault,
  and when all is, at the latest: every interval has to come round.

| fault | what it does | ends | up | poll | reason | calls | back | |
|---|---|---|---|---|---|---|---|---|
`

const pageTail = `
## The exporter's own clock

Ages are taken by the wall clock or the monotonic one, whichever says more.

| what | at once | then |
|---|---|---|
| the machine has slept, for eight hours | all three classes end, ` + "`up`" + ` is 0 | one login; within 7 minutes traffic, connections and ` + "`up`" + ` are back, within 20 everything, with no more calls than ever |
| the clock is set ahead, by an hour | traffic and connections end, ` + "`up`" + ` is 0: it might have been a sleep | they come back alike; the newest samples look an hour old, so ` + "`port_traffic_last_bytes_per_second`" + ` and utilization stay away until the clock is put right |
| the clock is set back, by an hour | nothing ends | samples are asked for, and shown, up to the exporter's time; what is not polled any more ends as ever |

## Large answers

An answer is read to 32 MiB, uncompressed, and not at all where it says itself that it
is larger. Of those above 4 MiB one at a time per account is in memory. An answer that
would be many times as large in memory is refused before it is decoded: of statistics
one with more than 60,000 intervals, of listings and searches one with more than
250,000 elements in all their arrays.
`

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
		fmt.Fprintf(&b, "| `%s`%s%s | %s | %s | %s | %s | %s | %s | %s | %s |\n", s.Fault, strings.TrimPrefix(s.name(), s.Fault), scope,
			does[s.Fault], s.endings(), zeroOr1(s.down), zeroOr1(s.failing), ticked(strings.Fields(s.reasons)...), s.calls, s.backs(), s.note)
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
	if o.leaves != "" {
		all = append(all, "all of that port")
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

func zeroOr1(zero bool) string {
	if zero {
		return "0"
	}
	return "1"
}

func ticked(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
