package faults_test

import (
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The clock of a bubble cannot jump, so the past does: shift moves every instant
// that a value holds. In a bubble no instant has a monotonic reading.
func shift(v reflect.Value, by time.Duration, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.Pointer()] {
			seen[v.Pointer()] = true
			shift(v.Elem(), by, seen)
		}
	case reflect.Slice:
		for i := range v.Len() {
			shift(v.Index(i), by, seen)
		}
	case reflect.Struct:
		if t, ok := reflect.TypeAssert[*time.Time](v.Addr()); ok {
			if !t.IsZero() {
				*t = t.Add(by)
			}
			return
		}
		for _, field := range v.Fields() {
			shift(field, by, seen)
		}
	}
}

// jump lets the exporter's clock jump by d, over a sleep or not: the API's clock
// stays where it was, or has moved along.
func (e *exporter) jump(t *testing.T, d time.Duration, slept bool) {
	t.Helper()
	synctest.Wait() // the snapshot is not being read
	shift(reflect.ValueOf(e.Snapshot()), -d, map[uintptr]bool{})
	if err := e.Alive(); err != nil { // takes the lock that the poll loops will take: they see the change
		t.Error(err)
	}
	if slept {
		e.apis[0].ExpireTokens()
		return
	}
	e.apis[0].ShiftClock(-d)
}

// ticking runs an exporter that is well, and lets its clock jump.
func ticking(t *testing.T, d time.Duration, slept bool, test func(e *exporter, before map[string]float64)) {
	synctest.Test(t, func(t *testing.T) {
		e, stop := start(t, configure(1, "v3"), newAPI(0, 0, false))
		defer stop()
		time.Sleep(warmUp)
		synctest.Wait()
		before := e.series(t)
		e.jump(t, d, slept)
		test(e, before)
	})
}

// expect holds the series that are there against an outcome: the classes and
// families that are missing, and what up says.
func expect(t *testing.T, when string, before, now map[string]float64, up float64, missing []string) {
	t.Helper()
	for series := range before {
		f := family(series)
		gone := slices.Contains(missing, f) || slices.Contains(missing, string(classOf(f)))
		if _, there := now[series]; there == gone {
			t.Errorf("%s: %s is there: %v", when, series, there)
		}
	}
	if got := now[`up{account="a"}`]; got != up {
		t.Errorf("%s: up is %v", when, got)
	}
}

// What the page says of the exporter's own clock.
const (
	slept, jumped = 8 * time.Hour, time.Hour

	oneInterval = 7 * time.Minute  // when traffic and connections are back
	oneListing  = 20 * time.Minute // when everything is

	loginsAfterSleep = 1
)

// What is missing right after a sleep, after a jump ahead, and for as long as the
// clock is wrong.
var (
	afterSleep = []string{string(traffic), string(connections), string(inventory), string(capacity), string(ratios)}
	afterJump  = []string{string(traffic), string(connections), string(ratios)}
	whileAhead = []string{"port_traffic_last_bytes_per_second", "pair_failover_utilization_ratio", "port_lag_failover_utilization_ratio"}
)

// What was polled before the sleep is as old as the sleep: it ends at once, and
// comes back as every port has its turn, with no more calls than ever.
func TestSystemSuspend(t *testing.T) {
	ticking(t, slept, true, func(e *exporter, before map[string]float64) {
		woke, calls, logins := time.Now(), e.apis[0].Count(""), e.apis[0].Count(fabrictest.OpToken)
		expect(t, "on waking up", before, e.series(t), 0, afterSleep)
		time.Sleep(oneInterval)
		synctest.Wait()
		expect(t, "one interval later", before, e.series(t), 1, []string{string(inventory), string(ratios)})
		time.Sleep(oneListing - oneInterval)
		synctest.Wait()
		expect(t, "after a listing", before, e.series(t), 1, nil)
		if n := e.apis[0].Count(fabrictest.OpToken) - logins; n != loginsAfterSleep {
			t.Errorf("%d logins", n)
		}
		time.Sleep(time.Hour - time.Since(woke))
		if n := e.apis[0].Count("") - calls; n < usual.from || n > usual.to {
			t.Errorf("%d calls in an hour", n)
		}
	})
}

// A jump ahead cannot be distinguished from a sleep. The newest samples look an hour old
// for as long as the clock is wrong, so none is called the last one.
func TestClockJumpsForward(t *testing.T) {
	ticking(t, jumped, false, func(e *exporter, before map[string]float64) {
		expect(t, "at once", before, e.series(t), 0, afterJump)
		time.Sleep(oneInterval)
		synctest.Wait()
		expect(t, "one interval later", before, e.series(t), 1, whileAhead)
		time.Sleep(oneListing)
		synctest.Wait()
		expect(t, "after a listing", before, e.series(t), 1, whileAhead)
		e.jump(t, -jumped, false)
		e.apis[0].ShiftClock(0)
		time.Sleep(oneInterval)
		synctest.Wait()
		expect(t, "put right", before, e.series(t), 1, nil)
	})
}

// After a jump back nothing ends.
func TestClockJumpsBack(t *testing.T) {
	ticking(t, -jumped, false, func(e *exporter, before map[string]float64) {
		expect(t, "at once", before, e.series(t), 1, nil)
		time.Sleep(oneListing)
		synctest.Wait()
		now := e.series(t)
		expect(t, "after a listing", before, now, 1, nil)
		for _, wrong := range (scenario{}).untrue(e, now) {
			t.Error(wrong)
		}
	})
}

// Nor does anything live longer: ages are those of the clock that went on.
func TestNothingGrowsYoungerWithAClockThatIsSetBack(t *testing.T) {
	polled := time.Now().Add(-30 * time.Minute)
	setBack(&polled, 2*time.Hour)
	if now := time.Now(); now.Round(0).Sub(polled.Round(0)) > -time.Hour || now.Sub(polled) < 30*time.Minute {
		t.Fatalf("polled at %v, and it is %v", polled, now)
	}
	endedAll(t, polled)
}

// The monotonic clock stands still while a machine sleeps: by it nothing has aged.
func TestASleepAgesWhatTheMonotonicClockDoesNot(t *testing.T) {
	polled := time.Now()
	setBack(&polled, -2*time.Hour)
	if now := time.Now(); now.Round(0).Sub(polled.Round(0)) < 2*time.Hour || now.Sub(polled) > time.Minute {
		t.Fatalf("polled at %v, and it is %v", polled, now)
	}
	endedAll(t, polled)
}

// endedAll says what is still shown of a port that was last polled then, all of
// which has ended.
func endedAll(t *testing.T, polled time.Time) {
	t.Helper()
	traffic := &fleet.Traffic{At: polled, Inbound: fleet.Rates{Max: new(1.0), Last: new(1.0), Newest: time.Now()}}
	account := fleet.Account{
		Name: "a", LastData: polled, Timeout: time.Second,
		Traffic: 5 * time.Minute, Connections: 5 * time.Minute, Inventory: 5 * time.Minute, Windows: []time.Duration{5 * time.Minute},
	}
	snap := fleet.Snapshot{
		StaleIntervals: 5, Windows: []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}},
		Accounts: []fleet.Account{account},
		Ports: []*fleet.Port{{
			Metered: fleet.Metered{Account: "a", Traffic: []*fleet.Traffic{traffic}},
			UUID:    "p", Confirmed: true,
			Inventory: &fleet.Inventory{At: polled}, Connections: &fleet.Connections{At: polled},
		}},
	}
	v := snap.View(&account, snap.Ports[0], time.Now())
	if v.Traffic[0] != nil || v.Inventory != nil || v.Connections != nil || v.Last(fleet.Inbound) != nil || account.Up(time.Now()) {
		t.Errorf("long after the last poll: %+v, up %v", v, account.Up(time.Now()))
	}
}

// setBack makes an instant what it looks like once the wall clock has been set
// back: later by that clock, and as it was by the monotonic one. Back by less than
// nothing is ahead, or a sleep. The seconds of
// the former are the bits of the first word from the 30th on.
func setBack(t *time.Time, by time.Duration) {
	*(*uint64)(unsafe.Pointer(t)) += uint64(by/time.Second) << 30 // wraps where by is negative
}
