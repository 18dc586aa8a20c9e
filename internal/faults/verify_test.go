package faults_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// verify says what is wrong with a timeline.
func (o outcome) verify(l timeline) (wrong []string) {
	if l.hits == 0 {
		wrong = append(wrong, "no request met the fault")
	}
	if o.unseen && !l.altered {
		wrong = append(wrong, "no answer was altered")
	}
	counted := false
	for _, m := range l.marks {
		wrong = append(wrong, o.verifySeries(l, m)...)
		wrong = append(wrong, o.verifyValues(l, m)...)
		wrong = append(wrong, o.verifyHealth(l, m)...)
		if m.at == time.Hour {
			counted = true
			wrong = append(wrong, o.verifyCalls(m)...)
		}
	}
	if !counted {
		wrong = append(wrong, "ended before the calls of an hour were counted")
	}
	for what, took := range map[string][2]time.Duration{"traffic": {l.back, o.backBy()}, "everything": {l.whole, o.fullBy()}} {
		if took[0] < 0 || took[0] > took[1] {
			wrong = append(wrong, fmt.Sprintf("%s is back after %v, want %v", what, took[0], took[1]))
		}
	}
	wrong = append(append(wrong, o.verifyErrors(l)...), l.untrue...)
	if o.also != nil {
		wrong = append(wrong, o.also(l)...)
	}
	return wrong
}

// verifyCalls says which APIs were asked too often or too seldom in an hour. Those
// of other accounts know nothing of the fault.
func (o outcome) verifyCalls(m checkpoint) (wrong []string) {
	for i, n := range m.calls {
		want := usual
		if i == 0 {
			want = o.calls
		}
		if n < want.from || n > want.to {
			wrong = append(wrong, fmt.Sprintf("%d calls of account %s in the first hour, want %v", n, account(i), want))
		}
	}
	return wrong
}

// verifyErrors says what is wrong with the errors that were counted.
func (o outcome) verifyErrors(l timeline) (wrong []string) {
	found, n := map[string]bool{}, 0.0
	for series, v := range l.marks[len(l.marks)-1].series {
		if family(series) != "api_errors_total" || v <= l.before[series] {
			continue
		}
		if !strings.Contains(series, fmt.Sprintf("account=%q", account(0))) {
			wrong = append(wrong, fmt.Sprintf("%s has come to %v", series, v))
			continue
		}
		_, reason, _ := strings.Cut(series, `reason="`)
		found[strings.TrimSuffix(reason, `"}`)] = true
		n += v - l.before[series]
	}
	if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); got != o.reasons {
		wrong = append(wrong, fmt.Sprintf("errors of the reasons %q, want %q", got, o.reasons))
	}
	if o.refusals > 0 && int(n) != o.refusals {
		wrong = append(wrong, fmt.Sprintf("%v errors, want %d", n, o.refusals))
	}
	return wrong
}

// verifySeries says which series are there and should not, or the other way round.
func (o outcome) verifySeries(l timeline, m checkpoint) (wrong []string) {
	there, of, now := map[string]int{}, map[string]int{}, map[string]int{}
	for series := range l.before {
		_, ok := m.series[series]
		switch {
		case o.left(series):
			if ok && m.at > o.listedBy() {
				wrong = append(wrong, fmt.Sprintf("%s is there after %v", series, m.at))
			}
			continue
		case l.foreign(series):
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s of another account is gone after %v", series, m.at))
			}
			continue
		}
		of[kin(series)]++
		if ok {
			there[kin(series)]++
		}
	}
	for series := range m.series {
		if !o.left(series) && !l.foreign(series) {
			now[kin(series)]++
		}
	}
	for _, f := range slices.Sorted(maps.Keys(of)) {
		n := there[f]
		if classOf(f) == health {
			n = min(now[f], of[f]) // labels may change
		}
		wrong = append(wrong, o.verifyFamily(f, n, of[f], m.at)...)
	}
	return wrong
}

// verifyFamily says what is wrong with n series of a family being left of all.
func (o outcome) verifyFamily(f string, n, all int, at time.Duration) []string {
	whole, gone, ends := o.fate(classOf(f))
	switch {
	case classOf(f) == hourlyRatios && o.apart:
	case slices.Contains(o.lost, f), o.rates && slices.Contains(listedRates(), f):
		if at >= o.lossBy() && n > 0 {
			return []string{fmt.Sprintf("%d series of %s are there after %v", n, f, at)}
		}
	case (!ends || at <= whole) && n < all:
		return []string{fmt.Sprintf("%d of %d series of %s are left after %v", n, all, f, at)}
	case ends && at >= gone && n > 0:
		return []string{fmt.Sprintf("%d series of %s are there after %v", n, f, at)}
	}
	return nil
}

// verifyValues says which series that nothing has changed have another value than
// before the fault, or were not there then. Those of traffic have a truth of
// their own.
func (o outcome) verifyValues(l timeline, m checkpoint) (wrong []string) {
	for series, v := range m.series {
		f := family(series)
		before, known := l.before[series]
		want := before
		if value, ok := o.becomes[f]; ok && v != before && !l.foreign(series) {
			want = value
		}
		switch c := classOf(f); {
		case o.left(series), o.comes != "" && strings.Contains(series, o.comes), o.renames && f == "port_info":
		case !known && (c != health || steady(f)):
			wrong = append(wrong, fmt.Sprintf("%s has come after %v", series, m.at))
		case v != want && (c == inventory || c == connections || c == capacity || steady(f)):
			wrong = append(wrong, fmt.Sprintf("%s is %v after %v, and was %v", series, v, m.at, before))
		case c == ratios, c == hourlyRatios:
			wrong = append(wrong, l.verifyRatio(series, v, m)...)
		}
	}
	return wrong
}

// steady are the families about the exporter's work whose series say the same
// whatever happens.
func steady(family string) bool {
	return slices.Contains([]string{
		"port_info", "pair_info", "traffic_window_info", "traffic_source_info", "poll_interval_seconds",
	}, family)
}

// verifyRatio says whether a share can be one of what the ports carry: of a LAG it
// is that of the last rate, of a pair at most that of both highest ones.
func (l timeline) verifyRatio(series string, v float64, m checkpoint) []string {
	direction := map[bool]string{true: "inbound", false: "outbound"}[strings.Contains(series, `"inbound"`)]
	if family(series) == "port_lag_failover_utilization_ratio" {
		last := strings.Replace(series, "port_lag_failover_utilization_ratio", "port_traffic_last_bytes_per_second", 1)
		if want := l.before[series] / l.before[last] * m.series[last]; v < want*(1-1e-9) || v > want*(1+1e-9) {
			return []string{fmt.Sprintf("%s is %v after %v, want %v", series, v, m.at, want)}
		}
		return nil
	}
	both, least := 0.0, 0.0
	window := map[bool]string{true: longWindow, false: "1d"}[strings.Contains(series, longWindow)]
	for name, was := range l.before {
		if f := family(name); !strings.Contains(name, polledPorts[0]) && !strings.Contains(name, polledPorts[1]) || l.foreign(name) {
			continue
		} else if f == "port_traffic_max_bytes_per_second" && strings.Contains(name, direction) && strings.Contains(name, window) {
			both += was
		} else if f == "port_effective_capacity_bytes_per_second" {
			least = was // both lines are alike
		}
	}
	if v <= 0 || v > both/least {
		return []string{fmt.Sprintf("%s is %v after %v, and both ports together never had more than %v", series, v, m.at, both/least)}
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

// verifyHealth says where up, port_poll_success and the time of the latest success
// are wrong.
func (o outcome) verifyHealth(l timeline, m checkpoint) (wrong []string) {
	for series, v := range m.series {
		f := family(series)
		mine := !l.foreign(series) && (f != "up" || series == fmt.Sprintf("up{account=%q}", account(0)))
		want, by := 1.0, time.Duration(0)
		switch {
		case o.left(series):
			continue
		case f == "up" && mine && o.down:
			want, by = 0, o.downBy()
		case f == "port_poll_success" && mine && o.failing:
			want, by = 0, o.failBy()
		case f == "port_poll_last_success_timestamp_seconds" && mine && o.failing:
			if latest := float64(l.began.Add(o.lead).Unix()); v > latest {
				wrong = append(wrong, fmt.Sprintf("%s is %v s after the fault began to be felt", series, v-latest))
			}
			continue
		case f != "up" && f != "port_poll_success":
			continue
		}
		if v != want && m.at >= by {
			wrong = append(wrong, fmt.Sprintf("%s is %v after %v", series, v, m.at))
		}
	}
	return wrong
}
