package fleet

import "regexp"

// The thresholds of deploy/prometheus/equinix_fabric.thresholds.yml that decide the colours
// of the landing page, as they decide those of the dashboards. A test holds them to that file.
const (
	PortUtilization         = 0.9
	PortUtilizationP95      = 0.8
	PortUtilizationForecast = 0.95
	PairFailoverP95         = 0.9
	PairFailoverForecast    = 1
	LAGFailover             = 0.9
	ConnectionUtilization   = 0.9
	IdleUtilizationP95      = 0.05
)

// PortComesOrGoes matches the lifecycle states of a port that is being created or removed,
// as equinix_fabric.recording.yml has them. Such a port may be down without need to act.
const PortComesOrGoes = "PENDING.*|PROVISIONING|DEPROVISION.*|INACTIVE|DELETED|TO_BE_.*"

var comesOrGoes = regexp.MustCompile("^(?:" + PortComesOrGoes + ")$")

// Level is how urgent something is.
type Level int

// The levels. The dashboards show Warning in orange and Critical in red.
const (
	Fine Level = iota
	Warning
	Critical
)

// level is that of a share that is a warning and critical from these values on. What is
// unknown is Fine.
func level(share *float64, warning, critical float64) Level {
	switch {
	case share == nil || *share < warning:
		return Fine
	case *share < critical:
		return Warning
	default:
		return Critical
	}
}

// Share is the last polled rate of a direction as a share of the line rate of the links
// that are up, nil if either is unknown or no link is up.
func (v *View) Share(d Direction) *float64 { return ShareOf(v.Last(d), v.EffectiveCapacity()) }

// P95Share is the 95th percentile of a direction in a window as a share of the line rate of
// the links that are up, nil if either is unknown or no link is up.
func (v *View) P95Share(d Direction, window int) *float64 {
	if v.Traffic[window] == nil {
		return nil
	}
	return ShareOf(v.Traffic[window].Rates(d).P95, v.EffectiveCapacity())
}

// ShareLevel is the level of the last polled rate of a direction.
func (v *View) ShareLevel(d Direction) Level {
	return level(v.Share(d), PortUtilizationP95, PortUtilization)
}

// P95Level is the level of the 95th percentile of a direction in a window.
func (v *View) P95Level(d Direction, window int) Level {
	return level(v.P95Share(d, window), PortUtilizationP95, PortUtilizationForecast)
}

// LAGLevel is the level of [View.LAGFailover].
func (v *View) LAGLevel(d Direction) Level {
	return level(v.LAGFailover(d), LAGFailover, PairFailoverForecast)
}

// Idle reports whether the port hardly carries anything: in each window of a week or longer, the
// 95th percentile of both directions is below a twentieth. It is false if that is not known of a
// window, or if there is no such window.
func (v *View) Idle() (idle bool) {
	for i, w := range v.Windows {
		if w.Span < 7*day {
			continue
		}
		for _, d := range Directions() {
			if share := v.P95Share(d, i); share == nil || *share >= IdleUtilizationP95 {
				return false
			}
		}
		idle = true
	}
	return idle
}

// StatusLevel is Critical while the port is down, unless it is being created or removed,
// and Warning while some of its links are down.
func (v *View) StatusLevel() Level {
	if v.Inventory == nil {
		return Fine
	}
	switch status := v.Inventory.OperationalStatus(); {
	case status == StatusDown && !comesOrGoes.MatchString(v.Inventory.State):
		return Critical
	case status == StatusPartial:
		return Warning
	}
	return Fine
}

// Worst is the highest of the port's levels, and the highest of its shares: of either
// direction, the last polled rate and the 95th percentile of the primary window. share is
// nil if all are unknown.
func (v *View) Worst() (worst Level, share *float64) {
	worst = v.StatusLevel()
	for _, d := range Directions() {
		worst = max(worst, v.ShareLevel(d), v.P95Level(d, 0))
		share = higher(higher(share, v.Share(d)), v.P95Share(d, 0))
	}
	return worst, share
}

// ShareLevel is the level of [PairView.Utilization].
func (v *PairView) ShareLevel(d Direction) Level {
	return level(v.Utilization(d), PairFailoverP95, PairFailoverForecast)
}

// P95Level is the level of [PairView.P95].
func (v *PairView) P95Level(d Direction, window int) Level {
	return level(v.P95(d, window), PairFailoverP95, PairFailoverForecast)
}

// Worst is as that of a [View], for the load that one port has if the other fails.
func (v *PairView) Worst() (worst Level, share *float64) {
	for _, d := range Directions() {
		worst = max(worst, v.ShareLevel(d), v.P95Level(d, 0))
		share = higher(higher(share, v.Utilization(d)), v.P95(d, 0))
	}
	return worst, share
}

// Share is the last polled rate of a direction as a share of the bandwidth of the
// connection, nil if either is unknown.
func (v *ConnectionView) Share(d Direction) *float64 {
	if v.Facts == nil {
		return nil
	}
	return ShareOf(v.Last(d), v.Facts.Bandwidth)
}

// ShareLevel is the level of [ConnectionView.Share].
func (v *ConnectionView) ShareLevel(d Direction) Level {
	return level(v.Share(d), ConnectionUtilization, ConnectionUtilization)
}

// higher is the higher of two values that may be unknown.
func higher(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}
