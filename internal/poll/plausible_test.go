package poll_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// A line of 1 Gbit/s, with intervals that cannot be among others: what the API
// has summed up of all of them is not believed.
func TestImpossibleIntervalsAreLeftOut(t *testing.T) {
	const line = 1e9
	ago := func(minutes int) time.Time { return time.Now().Add(-time.Duration(minutes) * time.Minute) }
	for _, tt := range []struct {
		name   string
		points func() []fabric.Point // beside those of 2, 4 and 3 of the last minutes
		odd    int
		max    float64
		want   fleet.Rates // but for the points and the times
	}{
		{"none", func() []fabric.Point { return nil }, 0, 9, fleet.Rates{Max: new(9.0), Mean: new(77.0), Last: new(88.0), P95: new(4.0)}},
		{"of tenfold the line", func() []fabric.Point { return []fabric.Point{{Time: ago(1), Mean: 10 * line, Max: 10 * line}} }, 0, 9,
			fleet.Rates{Max: new(9.0), Mean: new(77.0), Last: new(88.0), P95: new(10 * line)}},
		{"beyond tenfold the line", func() []fabric.Point { return []fabric.Point{{Time: ago(1), Mean: 11 * line, Max: 11 * line}} }, 0, 11 * line,
			fleet.Rates{Max: new(7.0), Mean: new(3.0), Last: new(3.0), P95: new(4.0)}},
		{"with a maximum beyond", func() []fabric.Point { return []fabric.Point{{Time: ago(12), Mean: 3, Max: 11 * line}} }, 0, 11 * line,
			fleet.Rates{Max: new(7.0), Mean: new(3.0), Last: new(3.0), P95: new(4.0)}},
		{"from the future", func() []fabric.Point { return []fabric.Point{{Time: ago(-6), Mean: 5, Max: 5}} }, 0, 9,
			fleet.Rates{Max: new(9.0), Mean: new(77.0), Last: new(88.0), P95: new(4.0)}},
		{"below 0, left out before", func() []fabric.Point { return nil }, 1, 9,
			fleet.Rates{Max: new(7.0), Mean: new(3.0), Last: new(3.0), P95: new(4.0)}},
		{"only in the summary", func() []fabric.Point { return nil }, 0, 11 * line,
			fleet.Rates{Max: new(7.0), Mean: new(3.0), Last: new(3.0), P95: new(4.0)}},
		{"beside others twice and before the window", func() []fabric.Point {
			return []fabric.Point{{Time: ago(20), Mean: 2, Max: 2}, {Time: ago(24*60 + 6), Mean: 9, Max: 9}}
		}, 1, 9, fleet.Rates{Max: new(7.0), Mean: new(3.0), Last: new(3.0), P95: new(4.0)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
					s := fabric.Rates{Max: &tt.max, Mean: new(77.0), Last: new(88.0), Implausible: tt.odd, Points: []fabric.Point{
						{Time: ago(20), Mean: 2, Max: 7}, {Time: ago(15), Mean: 4, Max: 4}, {Time: ago(10), Mean: 3, Max: 3},
					}}
					if tt.name == "beside others twice and before the window" {
						s.Points[0].Max = 2
						s.Points[1].Max = 7
					}
					s.Points = append(s.Points, tt.points()...)
					return &fabric.Traffic{Capacity: new(line), Inbound: s, Outbound: s}, nil
				}}, "aa")
				b.run(t, time.Second)
				got := b.port(t, "aa").Traffic[0].Inbound
				got.Points, got.Newest, got.Resolution = fleet.Points{}, time.Time{}, 0
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// An answer may be coarser than it was asked for, whether it says so or not: the
// hour that is not over yet is none from the future.
func TestTheHourUnderWayIsBelieved(t *testing.T) {
	for _, stated := range []time.Duration{time.Hour, 0} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(20 * time.Minute)
			next := time.Now().Truncate(time.Hour).Add(time.Hour)
			s := fabric.Rates{Max: new(9e8), Mean: new(1e8), Last: new(8e8)}
			for ago := range 24 {
				s.Points = append(s.Points, fabric.Point{Time: next.Add(-time.Duration(ago) * time.Hour), Mean: 7e7, Max: 7e7})
			}
			s.Points[0].Max = 9e8
			b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
				return &fabric.Traffic{Resolution: stated, Capacity: new(1e9), Inbound: s, Outbound: s}, nil
			}}, "aa")
			b.run(t, time.Second)
			got := b.port(t, "aa").Traffic[0].Outbound
			got.Points = fleet.Points{}
			want := fleet.Rates{Max: new(9e8), Mean: new(1e8), Last: new(8e8), Newest: next, Resolution: time.Hour}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v stated: (-want +got)\n%s", stated, diff)
			}
		})
	}
}

// A summary that has an interval to come in it is made anew; one that has not is
// the API's.
func TestAnIntervalToComeCostsTheSummariesThatItIsIn(t *testing.T) {
	for _, tt := range []struct{ name, max, mean, last string }{
		{"none", "", "", ""}, {"the maximum", "in", "", ""}, {"the mean", "", "in", ""}, {"the last", "", "", "in"}, {"all", "in", "in", "in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := func(minutes int) time.Time { return time.Now().Add(time.Duration(minutes) * time.Minute) }
				figure := func(in string, theirs, ours, anew float64) (told, want *float64) {
					if in != "" {
						return &theirs, &anew
					}
					return &ours, &ours
				}
				s := fabric.Rates{Points: []fabric.Point{
					{Time: at(-15), Mean: 20, Max: 70}, {Time: at(-10), Mean: 40, Max: 40}, {Time: at(-5), Mean: 30, Max: 30}, {Time: at(60), Mean: 500, Max: 600},
				}}
				want := fleet.Rates{P95: new(40.0)}
				s.Max, want.Max = figure(tt.max, 600, 71, 70)
				s.Mean, want.Mean = figure(tt.mean, 147.5, 31, 30)
				s.Last, want.Last = figure(tt.last, 500, 33, 30)
				b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
					return &fabric.Traffic{Capacity: new(1e9), Inbound: s, Outbound: s}, nil
				}}, "aa")
				b.run(t, time.Second)
				got := b.port(t, "aa").Traffic[0].Inbound
				got.Points, got.Newest, got.Resolution = fleet.Points{}, time.Time{}, 0
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

// Where nothing is possible the unit has changed, or the line: the last good
// values stay, and the poll has failed.
func TestAnAnswerThatIsImpossibleIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		factor := 1.0
		b := newBench(t, &fakeAPI{ports: func() ([]fabric.Port, error) {
			return []fabric.Port{{UUID: "aa", Capacity: new(1e9)}}, nil
		}, traffic: func(string, string) (*fabric.Traffic, error) {
			answer := fresh()
			answer.Capacity = nil // the inventory knows it
			for _, s := range []*fabric.Rates{&answer.Inbound, &answer.Outbound} {
				s.Points[0].Mean *= factor
				s.Points[0].Max = s.Points[0].Mean
			}
			return answer, nil
		}}, "aa")
		b.run(t, time.Second)
		good := b.port(t, "aa").Traffic[0]
		factor = 1e6
		b.run(t, 10*time.Minute)
		p := b.port(t, "aa")
		if p.Polls[0].OK || !strings.Contains(p.Polls[0].Err, "unit") || p.Traffic[0] != good {
			t.Errorf("%+v", p.Polls[0])
		}
	})
}

// Counts of more packets than the line carries would stay in a counter for ever.
func TestImpossibleCountsAreNotAddedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			answer := fresh()
			answer.Inbound.Dropped = []fabric.Count{
				{End: began.Add(time.Minute), N: 7}, {End: began.Add(2 * time.Minute), N: 1e13}, {End: began.Add(time.Hour), N: 5},
			}
			return answer, nil
		}}, "aa")
		b.cfg.Accounts[0].Sources = []string{"v4-metrics"}
		b.run(t, 15*time.Minute)
		if got := b.port(t, "aa").Dropped[fleet.Inbound].Total; got != 7 {
			t.Errorf("%v packets", got)
		}
	})
}

func TestImpossibleTrafficOfAConnectionIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := watching(t, newWeb(virtual("c1", "aa", "elsewhere")), "aa")
		began := time.Now()
		b.api.ports = func() ([]fabric.Port, error) { return []fabric.Port{{UUID: "aa", Capacity: new(1e9)}}, nil }
		b.api.connectionTraffic = func(source, _, _ string) (*fabric.ConnectionTraffic, error) {
			if source != "v4-metrics" {
				return nil, errGone
			}
			answer := &fabric.ConnectionTraffic{Traffic: *fresh()}
			answer.Capacity = nil
			answer.Inbound.Points = append(answer.Inbound.Points, fabric.Point{Time: time.Now(), Mean: 1e12, Max: 1e12})
			answer.ASide.Inbound = []fabric.Count{{End: began.Add(time.Minute), N: 7}, {End: began.Add(2 * time.Minute), N: 1e13}}
			return answer, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(20 * time.Minute)
			c := b.store.Load().Connection("c1")
			if max := c.Traffic[0].Inbound.Max; max == nil || *max != 2e6 {
				t.Errorf("maximum %v", max)
			}
			if got := c.Dropped[fleet.ASide][fleet.Inbound].Total; got != 7 {
				t.Errorf("%v packets", got)
			}
		})
	})
}

// Where one direction cannot be right it keeps its last values, at their own age;
// the other one goes on. The poll has failed all the same.
func TestADirectionThatIsImpossibleKeepsItsValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		b := newBench(t, &fakeAPI{connections: func(ports []string, each func([]string, []fabric.Connection, error)) {
			each(ports, nil, errBroken) // the account lives by its traffic
		}, ports: failing(errBroken), traffic: func(string, string) (*fabric.Traffic, error) {
			answer := &fabric.Traffic{Capacity: new(1e9), Inbound: rates(time.Now(), 3, 5), Outbound: rates(time.Now(), 7, 9)}
			if broken.Load() {
				answer.Inbound, answer.Outbound = rates(time.Now(), 4, 6), rates(time.Now(), 7e12, 9e12)
			}
			return answer, nil
		}}, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			good := b.port(t, "aa").Traffic[0]
			broken.Store(true)
			time.Sleep(11 * time.Minute)
			snap := b.store.Load()
			p, account := snap.Port("aa"), &snap.Accounts[0]
			if got := p.Polls[0]; got.OK || !strings.Contains(got.Err, "v3_port_stats: decode: outbound: no interval is plausible") {
				t.Errorf("the poll: %+v", got)
			}
			if !account.Up(time.Now()) {
				t.Errorf("the account, which has answers: %+v", account)
			}
			if got := p.Traffic[0]; *got.Inbound.P95 != 6 || !got.At.After(good.At) || *got.Outbound.P95 != 9 || !got.Outbound.At.Equal(good.At) {
				t.Errorf("traffic: %+v", got)
			}
			time.Sleep(14 * time.Minute)
			snap = b.store.Load()
			v := snap.View(&snap.Accounts[0], snap.Port("aa"), time.Now())
			if got := v.Traffic[0]; got == nil || got.Inbound.P95 == nil || got.Outbound.P95 != nil || v.Last(fleet.Outbound) != nil {
				t.Errorf("after five intervals: %+v", got)
			}
			broken.Store(false)
			time.Sleep(5 * time.Minute)
			if p := b.port(t, "aa"); !p.Polls[0].OK || !p.Traffic[0].Outbound.At.IsZero() || !p.Traffic[0].Answered(fleet.Outbound).Equal(p.Traffic[0].At) {
				t.Errorf("put right: %+v", p.Traffic[0])
			}
		})
		if got := b.counted(t, "api_errors_total")["decode"]; got != 5 {
			t.Errorf("%v errors of reason decode in 25 minutes", got)
		}
	})
}

// Without a line rate nobody can tell whether a count can be. What comes again in
// an answer after the first listing is counted.
func TestPacketsWaitForTheLineRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var listed atomic.Bool
		b := newBench(t, &fakeAPI{ports: func() ([]fabric.Port, error) {
			if !listed.Load() {
				return nil, errOther
			}
			return []fabric.Port{{UUID: "aa", Capacity: new(1e9)}}, nil
		}, traffic: func(string, string) (*fabric.Traffic, error) {
			answer := fresh()
			answer.Capacity = nil
			for i := range 10 {
				answer.Inbound.Dropped = append(answer.Inbound.Dropped, fabric.Count{End: began.Add(time.Duration(1+5*i) * time.Minute), N: 7})
			}
			answer.Inbound.Dropped[1].N = 1.01 * 1e9 / 512 * 300 // more than fit
			answer.Inbound.Dropped[2].N = 0.99 * 1e9 / 512 * 300
			return answer, nil
		}}, "aa")
		b.cfg.Accounts[0].Sources = []string{"v4-metrics"}
		b.during(t, func(*poll.Poller) {
			time.Sleep(20 * time.Minute)
			if got := b.port(t, "aa").Dropped[fleet.Inbound]; got.Began() || got.Total != 0 {
				t.Errorf("while the line is unknown: %+v", got)
			}
			listed.Store(true)
			time.Sleep(40 * time.Minute)
			if got := b.port(t, "aa").Dropped[fleet.Inbound]; !got.Began() || got.Total != 8*7+0.99*1e9/512*300 {
				t.Errorf("once it is known: %+v", got)
			}
		})
		if got := b.counted(t, "implausible_intervals_total")["packets"]; got != 1 {
			t.Errorf("%v counts that do not fit", got)
		}
	})
}

// A counter that began under a clock that was a day ahead.
func TestPacketsAreCountedAfterAClockWasAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
			answer := fresh()
			answer.Inbound.Dropped = []fabric.Count{{End: began.Add(-time.Minute), N: 5}, {End: began.Add(6 * time.Minute), N: 7}}
			return answer, nil
		}}, "aa")
		b.cfg.Accounts[0].Sources = []string{"v4-metrics"}
		b.store.Publish(&fleet.Snapshot{Windows: b.cfg.Windows, Ports: []*fleet.Port{{
			Metered: fleet.Metered{Account: "prod"},
			UUID:    "aa", Configured: true,
			Dropped: map[fleet.Direction]fleet.Counter{fleet.Inbound: {Since: began.Add(24 * time.Hour), Total: 3}},
		}}})
		b.run(t, 20*time.Minute)
		if got := b.port(t, "aa").Dropped[fleet.Inbound]; got.Total != 3+7 {
			t.Errorf("%+v", got)
		}
	})
}

func TestADirectionOfAConnectionThatIsImpossibleKeepsItsValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		b := watching(t, newWeb(virtual("c1", "aa", "elsewhere")), "aa")
		b.api.ports = func() ([]fabric.Port, error) { return []fabric.Port{{UUID: "aa", Capacity: new(1e9)}}, nil }
		b.api.connectionTraffic = func(string, string, string) (*fabric.ConnectionTraffic, error) {
			answer := &fabric.ConnectionTraffic{Traffic: fabric.Traffic{Inbound: rates(time.Now(), 3, 5), Outbound: rates(time.Now(), 7, 9)}}
			if broken.Load() {
				answer.Inbound, answer.Outbound = rates(time.Now(), 7e12), rates(time.Now(), 4)
			}
			return answer, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(6 * time.Minute)
			broken.Store(true)
			time.Sleep(14 * time.Minute)
			c := b.store.Load().Connection("c1")
			if got := c.Polls[0].Err; !strings.Contains(got, fabric.OpConnectionStatsV4+": decode: inbound") {
				t.Errorf("the error: %s", got)
			}
			if got := c.Traffic[0]; c.Polls[0].OK || *got.Inbound.P95 != 5 || *got.Outbound.P95 != 4 || !got.Inbound.At.Before(got.At) {
				t.Errorf("%+v, traffic %+v", c.Polls[0], got)
			}
		})
		if got := b.counted(t, "api_errors_total")["decode"]; got == 0 {
			t.Error("no error is counted")
		}
	})
}

func TestAnAnswerThatIsImpossibleNamesItsOperation(t *testing.T) {
	for source, want := range map[string]string{
		poll.SourceV3: fabric.OpPortStatsV3, poll.SourceV4Stats: fabric.OpPortStatsV4, poll.SourceV4Metrics: fabric.OpSearchMetrics,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) {
				return &fabric.Traffic{Capacity: new(1e9), Inbound: rates(time.Now(), 7e12), Outbound: rates(time.Now(), 7e12)}, nil
			}}, "aa")
			b.cfg.Accounts[0].Sources = []string{source}
			b.run(t, time.Second)
			if got := b.port(t, "aa").Polls[0].Err; !strings.HasPrefix(got, want+": decode: ") {
				t.Errorf("%s: %s", source, got)
			}
		})
	}
}
