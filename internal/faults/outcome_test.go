package faults_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// class is series that live and end together.
type class string

const (
	health      class = "health"      // never ends
	traffic     class = "traffic"     // what the statistics say
	connections class = "connections" // the sums of connections
	inventory   class = "inventory"   // what the listing says
	ratios      class = "ratios"      // of traffic to what the listing says
	capacity    class = "capacity"    // from the listing, else from the statistics
)

func classOf(family string) class {
	switch {
	case family == "port_traffic_last_sample_timestamp_seconds":
		return health
	case strings.HasPrefix(family, "port_traffic_"), strings.HasPrefix(family, "port_packets_"):
		return traffic
	case strings.HasPrefix(family, "port_connections"):
		return connections
	case family == "port_capacity_bytes_per_second":
		return capacity
	case strings.HasPrefix(family, "pair_failover_") || strings.HasPrefix(family, "port_lag_failover_"):
		return ratios
	case slices.Contains([]string{
		"port_operational_status", "port_lifecycle_state", "port_effective_capacity_bytes_per_second",
		"port_lag_links", "port_maintenance", "port_allocated_bandwidth_bytes_per_second",
	}, family):
		return inventory
	}
	return health
}

// family is that of a series.
func family(series string) string {
	name, _, _ := strings.Cut(series, "{")
	return name
}

// A class ends when its values are five intervals old. They are polled at any
// moment of an interval, which may be a quarter longer where it begins.
var ending = map[class]struct{ whole, gone time.Duration }{
	traffic:     {15 * time.Minute, 30 * time.Minute},
	connections: {15 * time.Minute, 30 * time.Minute},
	inventory:   {55 * time.Minute, 80 * time.Minute},
}

// outcome is what a fault must come to.
type outcome struct {
	lead time.Duration // from the switch until the fault is felt

	ends []class  // of traffic, connections and inventory; the others stay
	lost []string // families that end with the next poll, for they are not known any more

	down       bool                    // up is 0
	failing    bool                    // port_poll_success is 0
	failingBy  time.Duration           // when it is at the latest; 0 is settle
	reasons    string                  // of the errors that are counted, in order
	calls      calls                   // in the first hour
	leaves     string                  // a port that is there no more after the next listing
	back, full time.Duration           // after the fault, at the latest; 0 is an interval and a quarter of the ports and of the listing
	also       func(timeline) []string // what else is wrong
	note       string                  // what else there is to say
}

// calls is how many there may be.
type calls struct{ from, to int }

// settle is when up and port_poll_success have their say.
const settle = 15 * time.Minute

// fate is how a class of series ends, false where it stays.
func (o outcome) fate(c class) (whole, gone time.Duration, ends bool) {
	has := func(c class) bool { return slices.Contains(o.ends, c) }
	switch c {
	case ratios: // with the first of both
		if has(traffic) {
			c = traffic
		} else {
			c = inventory
		}
	case capacity: // with the last of both
		if !has(traffic) {
			return 0, 0, false
		}
		c = inventory
	}
	return ending[c].whole + o.lead, ending[c].gone + o.lead, has(c)
}

// judge says what is wrong with a timeline.
func (o outcome) judge(l timeline) (wrong []string) {
	if l.hits == 0 {
		wrong = append(wrong, "no request met the fault")
	}
	for _, m := range l.marks {
		wrong = append(wrong, o.judgeSeries(l, m)...)
		wrong = append(wrong, o.judgeHealth(l, m)...)
		if c := m.calls; m.at == time.Hour+o.lead && (c < o.calls.from || c > o.calls.to) {
			wrong = append(wrong, fmt.Sprintf("%d calls in the first hour, want %v", c, o.calls))
		}
	}
	if !slices.ContainsFunc(l.marks, func(m mark) bool { return m.at == time.Hour+o.lead }) {
		wrong = append(wrong, "ended before the calls of an hour were counted")
	}
	if got := l.reasons(); got != o.reasons {
		wrong = append(wrong, fmt.Sprintf("errors of the reasons %q, want %q", got, o.reasons))
	}
	for what, took := range map[string][2]time.Duration{"traffic": {l.back, o.backBy()}, "everything": {l.whole, o.fullBy()}} {
		if took[0] < 0 || took[0] > took[1] {
			wrong = append(wrong, fmt.Sprintf("%s is back after %v, want %v", what, took[0], took[1]))
		}
	}
	wrong = append(wrong, l.untrue...)
	if o.also != nil {
		wrong = append(wrong, o.also(l)...)
	}
	return wrong
}

func (o outcome) backBy() time.Duration { return max(o.back, 6*time.Minute+30*time.Second) }
func (o outcome) fullBy() time.Duration { return max(o.full, o.backBy(), 19*time.Minute) }

// judgeSeries says which series are there and should not, or the other way round.
func (o outcome) judgeSeries(l timeline, m mark) (wrong []string) {
	there, of, now := map[string]int{}, map[string]int{}, map[string]int{}
	for series := range l.before {
		_, ok := m.series[series]
		switch {
		case o.left(series):
			if ok && m.at > listed {
				wrong = append(wrong, fmt.Sprintf("%s is there after %v", series, m.at))
			}
			continue
		case l.foreign(series):
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s of another account is gone after %v", series, m.at))
			}
			continue
		}
		of[family(series)]++
		if ok {
			there[family(series)]++
		}
	}
	for series := range m.series {
		if !o.left(series) && !l.foreign(series) {
			now[family(series)]++
		}
	}
	for _, f := range slices.Sorted(maps.Keys(of)) {
		n := there[f]
		if classOf(f) == health {
			n = min(now[f], of[f]) // labels may change
		}
		wrong = append(wrong, o.judgeFamily(f, n, of[f], m.at)...)
	}
	return wrong
}

// listed is when the next listing has surely been.
const listed = 20 * time.Minute

// judgeFamily says what is wrong with n series of a family being left of all.
func (o outcome) judgeFamily(f string, n, all int, at time.Duration) []string {
	whole, gone, ends := o.fate(classOf(f))
	switch {
	case slices.Contains(o.lost, f):
		if at > o.lead+listed && n == all {
			return []string{fmt.Sprintf("%s is whole after %v", f, at)}
		}
	case (!ends || at <= whole) && n < all:
		return []string{fmt.Sprintf("%d of %d series of %s are left after %v", n, all, f, at)}
	case ends && at >= gone && n > 0:
		return []string{fmt.Sprintf("%d series of %s are there after %v", n, f, at)}
	}
	return nil
}

// left reports whether a series is of the port that leaves.
func (o outcome) left(series string) bool {
	return o.leaves != "" && strings.Contains(series, fmt.Sprintf("port_name=%q", o.leaves))
}

// foreign reports whether a series is of a port of another account than the
// first. Pairs are where there is one account only.
func (l timeline) foreign(series string) bool {
	return slices.ContainsFunc(l.theirs, func(uuid string) bool { return strings.Contains(series, uuid) })
}

// judgeHealth says where up and port_poll_success are wrong.
func (o outcome) judgeHealth(l timeline, m mark) (wrong []string) {
	if m.at < settle+o.lead {
		return nil
	}
	for series, v := range m.series {
		f := family(series)
		if f != "up" && f != "port_poll_success" || o.left(series) {
			continue
		}
		mine := !l.foreign(series) && (f != "up" || series == fmt.Sprintf("up{account=%q}", account(0)))
		want := 1.0
		if mine && (f == "up" && o.down || f == "port_poll_success" && o.failing) {
			want = 0
		}
		if f == "port_poll_success" && want == 0 && m.at < o.failingBy+o.lead {
			continue
		}
		if v != want {
			wrong = append(wrong, fmt.Sprintf("%s is %v after %v", series, v, m.at))
		}
	}
	return wrong
}

// reasons are those of which errors were counted for the first account.
func (l timeline) reasons() string {
	found := map[string]bool{}
	for series, v := range l.marks[len(l.marks)-1].series {
		if family(series) != "api_errors_total" || v <= l.before[series] || !strings.Contains(series, `account="`+account(0)+`"`) {
			continue
		}
		_, reason, _ := strings.Cut(series, `reason="`)
		found[strings.TrimSuffix(reason, `"}`)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(found)), " ")
}
