package faults_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
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

	hourly       class = "hourly"       // traffic of the window that is asked for once an hour
	hourlyRatios class = "hourlyRatios" // of it
)

func classOf(family string) class {
	base, long := strings.CutSuffix(family, " "+longWindow)
	switch {
	case long && strings.HasPrefix(base, "pair_failover_"):
		return hourlyRatios
	case long && strings.HasPrefix(base, "port_traffic_"):
		return hourly
	case family == "port_capacity_bytes_per_second":
		return capacity
	case strings.HasPrefix(family, "pair_failover_") || strings.HasPrefix(family, "port_lag_failover_"):
		return ratios
	}
	return cmp.Or(classes[family], health)
}

// classes are traffic, connections and inventory, as the collector has them, by
// the families of ports.
var classes = func() map[string]class {
	all := map[string]class{}
	for _, f := range collector.Families() {
		if f.Subject == "port" {
			all[strings.TrimPrefix(f.Name, collector.Namespace+"_")] = class(f.Class)
		}
	}
	return all
}()

// listedRates are the families of what the listing states in bit/s.
func listedRates() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(classes)), func(f string) bool {
		return classes[f] != inventory || !strings.HasSuffix(f, "_bytes_per_second")
	})
}

// longWindow is the window that is asked for once an hour, where there is one.
const longWindow = "30d"

// kin is the family of a series, and the window of one that lives longer.
func kin(series string) string {
	if strings.Contains(series, `window="`+longWindow+`"`) {
		return family(series) + " " + longWindow
	}
	return family(series)
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
	hourly:      {3*time.Hour + 40*time.Minute, 5*time.Hour + 5*time.Minute},
}

// outcome is what a fault must come to.
type outcome struct {
	lead time.Duration // from the switch until the fault is felt

	ends   []class       // of traffic, connections and inventory; the others stay
	lost   []string      // families that end at once, for they are not known any more
	rates  bool          // every rate of the listing ends at once as well
	lostBy time.Duration // when those have ended at the latest; 0 is polled

	long  bool // a window is asked for once an hour
	apart bool // its two ports may lack different intervals until both have been asked for

	unseen  bool               // no series shows the fault: that answers were altered does
	becomes map[string]float64 // families whose values become another one; all others keep theirs
	renames bool               // labels of port_info change
	comes   string             // what the name of a port ends in that comes

	down       bool                    // up is 0
	failing    bool                    // port_poll_success is 0
	failingBy  time.Duration           // when it is at the latest; 0 is settle
	reasons    string                  // of the errors that are counted, in order
	refusals   int                     // how many errors are counted, where that is certain; 0 is any number
	calls      calls                   // in the first hour
	leaves     string                  // a port that is gone after the next listing
	relisted   bool                    // the listing that follows fails, and the one after it does not
	back, full time.Duration           // after the fault, at the latest; 0 is an interval and a quarter of the ports and of the listing
	also       func(timeline) []string // what else is wrong
	note       string                  // what else there is to say
}

// calls is how many there may be.
type calls struct{ from, to int }

// settle is when up and port_poll_success are what the fault makes of them;
// polled and listed, when the next poll and the next listing have surely been.
const (
	settle = 15 * time.Minute
	polled = 10 * time.Minute
	listed = 20 * time.Minute

	listedTwice = listed + 15*time.Minute
)

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
	case hourlyRatios:
		c = inventory
	case hourly:
		return ending[c].whole + o.lead, ending[c].gone + o.lead, has(traffic)
	case capacity: // with the last of both
		if !has(traffic) || !has(inventory) {
			return 0, 0, false
		}
		if c = inventory; o.long {
			c = hourly
		}
		return ending[c].whole + o.lead, ending[c].gone + o.lead, true
	}
	return ending[c].whole + o.lead, ending[c].gone + o.lead, has(c)
}

func (o outcome) backBy() time.Duration { return max(o.back, 6*time.Minute+30*time.Second) }
func (o outcome) fullBy() time.Duration { return max(o.full, o.backBy(), 19*time.Minute) }
func (o outcome) lossBy() time.Duration { return max(o.lostBy, polled) + o.lead }

// listedBy is when the next listing that does not fail has surely been.
func (o outcome) listedBy() time.Duration {
	if o.relisted {
		return listedTwice
	}
	return listed
}
func (o outcome) failBy() time.Duration { return max(o.failingBy, settle) + o.lead }
func (o outcome) downBy() time.Duration { return settle + o.lead }
