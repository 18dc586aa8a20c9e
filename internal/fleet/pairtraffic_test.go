package fleet_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// stamped is a series of 5-minute means that ends about noon: each stamp is moved
// by what late says of its interval, the newest one being 0.
func stamped(means []float64, late func(i int) time.Duration) *fleet.Traffic {
	s := fleet.Rates{Resolution: 5 * time.Minute}
	all := make([]fleet.Interval, len(means))
	for i, m := range means {
		age := len(means) - 1 - i
		all[i] = fleet.Interval{Time: noon.Add(-time.Duration(age)*5*time.Minute + late(age)), Mean: m}
	}
	s.Points = fleet.NewPoints(all)
	return &fleet.Traffic{At: noon, Inbound: s, Outbound: s}
}

func punctual(int) time.Duration { return 0 }

// counting is 1, 2 … n.
func counting(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(i + 1)
	}
	return all
}

func backwards(n int) []float64 {
	all := counting(n)
	slices.Reverse(all)
	return all
}

// The peaks of the two are at different times, so the sum of their maxima, 40,
// or of their percentiles, 38, is nobody's load: both together always carry 21.
func TestNewPairTrafficAddsIntervalByInterval(t *testing.T) {
	seconds := func(s ...int) func(int) time.Duration {
		return func(i int) time.Duration { return time.Duration(s[i%len(s)]) * time.Second }
	}
	for name, late := range map[string][2]func(int) time.Duration{
		"punctual":                   {punctual, punctual},
		"jitter":                     {seconds(0, 12, -8, 3), seconds(-4, 5, 11)},
		"jitter about the full hour": {seconds(-2, 2, -1, 1), seconds(2, -2)},
		"both half an interval off": {
			seconds(148, 152, 149, 151), seconds(152, 149, 151, 148, 150),
		},
		"one before, one behind half an interval": {seconds(145, 147), seconds(155, 153)},
		"one a third of an interval behind":       {seconds(0, 3), seconds(100, 104, 97)},
		"one ends just before, one just after the other's middle": {
			seconds(140, 145), seconds(-3, 2),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := fleet.NewPairTraffic(stamped(counting(20), late[0]), stamped(backwards(20), late[1]), oneDay)
			for _, d := range fleet.Directions() {
				j := got.Of(d)
				if j.Last == nil || *j.Last != 21 || j.P95 == nil || *j.P95 != 21 {
					t.Errorf("%s: %s", d, cmp.Diff(fleet.PairRates{Last: new(21.0), P95: new(21.0)}, *j))
				}
			}
		})
	}
}

func TestNewPairTrafficTakesWhatBothHave(t *testing.T) {
	whole := stamped(counting(100), punctual)
	without := func(cut ...int) *fleet.Traffic {
		t := stamped(backwards(100), punctual)
		all := intervals(noon, 5*time.Minute, backwards(100)...)
		for _, i := range slices.Backward(cut) {
			all = slices.Delete(all, i, i+1)
		}
		t.Inbound.Points = fleet.NewPoints(all)
		return t
	}
	missing := func(n int) (cut []int) {
		for i := range n {
			cut = append(cut, i*3)
		}
		return cut
	}
	hourly := stamped(counting(100), punctual)
	hourly.Inbound.Resolution = time.Hour
	coarse := stamped(counting(100), punctual)
	coarse.Inbound.Resolution = time.Hour
	for _, tt := range []struct {
		name       string
		a, b       *fleet.Traffic
		last, p95  *float64
		newestBack time.Duration
	}{
		{"all of it", whole, without(), new(101.0), new(101.0), 0},
		{"but the newest", whole, without(99), new(101.0), new(101.0), 5 * time.Minute},
		{"but the newest, which the other has", without(99), whole, new(101.0), new(101.0), 5 * time.Minute},
		{"but a tenth", whole, without(missing(10)...), new(101.0), new(101.0), 0},
		{"but more: the percentile of another time", whole, without(missing(11)...), new(101.0), nil, 0},
		{"one has begun lately", stamped(counting(20), punctual), whole, new(120.0), nil, 0},
		{"the other has", whole, stamped(counting(20), punctual), new(120.0), nil, 0},
		{"nothing of one", whole, nil, nil, nil, 0},
		{"intervals of different lengths", whole, hourly, nil, nil, 0},
		{"intervals that are longer than asked for", coarse, hourly, new(200.0), nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			load := fleet.NewPairTraffic(tt.a, tt.b, oneDay)
			got := load.Inbound
			if diff := cmp.Diff([]*float64{tt.last, tt.p95}, []*float64{got.Last, got.P95}); diff != "" {
				t.Errorf("last and p95 (-want +got)\n%s", diff)
			}
			if tt.last == nil && !got.Newest.IsZero() || tt.last != nil && !got.Newest.Equal(noon.Add(-tt.newestBack)) {
				t.Errorf("newest %v", got.Newest)
			}
		})
	}
}

// The pair is as old as the older of its ports.
func TestNewPairTrafficIsOfTheEarlierStamp(t *testing.T) {
	late := stamped(counting(20), func(int) time.Duration { return 100 * time.Second })
	for _, pair := range [][2]*fleet.Traffic{{late, stamped(counting(20), punctual)}, {stamped(counting(20), punctual), late}} {
		load := fleet.NewPairTraffic(pair[0], pair[1], oneDay)
		if got := load.Inbound.Newest; !got.Equal(noon) {
			t.Errorf("newest %v", got)
		}
	}
}

// Whatever the jitter, within half an interval all in all, no interval meets
// another than its own.
func TestNewPairTrafficIsTheSumOfWhatWasSentTogether(t *testing.T) {
	const n = 288
	for phase := range 10 {
		off := time.Duration(phase) * 30 * time.Second
		wobble := func(seed float64) func(int) time.Duration {
			return func(i int) time.Duration {
				return off + time.Duration(30*math.Sin(seed*float64(i)))*time.Second
			}
		}
		load := fleet.NewPairTraffic(stamped(counting(n), wobble(1.7)), stamped(backwards(n), wobble(2.3)), oneDay)
		if j := load.Inbound; j.P95 == nil || *j.P95 != n+1 || *j.Last != n+1 {
			t.Errorf("offset %v: %+v", off, j)
		}
	}
}

// BenchmarkNewPairTraffic is what one answer costs the pair of its port: v3 stamps its
// intervals punctually, the v4 metrics do not.
func BenchmarkNewPairTraffic(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	jitter := func(int) time.Duration { return time.Duration(random.IntN(10_000)-5_000) * time.Millisecond }
	for _, days := range []int{1, 7} {
		w := fleet.Window{Span: time.Duration(days) * 24 * time.Hour, Resolution: 5 * time.Minute}
		for name, late := range map[string]func(int) time.Duration{"punctual": punctual, "jitter": jitter} {
			noise := func() []float64 {
				means := make([]float64, 288*days)
				for i := range means {
					means[i] = random.Float64()
				}
				return means
			}
			x, y := stamped(noise(), late), stamped(noise(), late)
			b.Run(w.Label()+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fleet.NewPairTraffic(x, y, w)
				}
			})
		}
	}
}
