package board

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"gopkg.in/yaml.v3"
)

// Limits are the thresholds of the alerts, so that a panel turns red when its
// alert fires. Its zero value has none.
type Limits struct {
	values map[string]float64
	absent map[string]bool // asked for and not there
}

var constant = regexp.MustCompile(`^vector\(([^)]+)\)$`)

// ReadLimits reads a rule file of which every rule records one figure as
// equinix_fabric:threshold:<name> with the expression vector(<figure>).
func ReadLimits(path string) (Limits, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the caller's own choice
	if err != nil {
		return Limits{}, err
	}
	var file struct {
		Groups []struct {
			Rules []struct{ Record, Expr string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return Limits{}, fmt.Errorf("%s: %w", path, err)
	}
	l := Limits{values: map[string]float64{}, absent: map[string]bool{}}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			name, ok := strings.CutPrefix(r.Record, "equinix_fabric:threshold:")
			m := constant.FindStringSubmatch(strings.TrimSpace(r.Expr))
			if !ok || m == nil {
				return Limits{}, fmt.Errorf("%s: %s: %s is no threshold", path, r.Record, r.Expr)
			}
			if l.values[name], err = strconv.ParseFloat(m[1], 64); err != nil {
				return Limits{}, fmt.Errorf("%s: %s: %w", path, r.Record, err)
			}
		}
	}
	return l, nil
}

// at is the limit of that name, which Build complains about where there is none.
func (l Limits) at(name string) float64 {
	v, ok := l.values[name]
	if !ok && l.absent != nil {
		l.absent[name] = true
	}
	return v
}

// number is the limit as PromQL.
func (l Limits) number(name string) string {
	return strconv.FormatFloat(l.at(name), 'g', -1, 64)
}

// percent is the limit, a ratio, as people read it.
func (l Limits) percent(name string) string {
	return strconv.FormatFloat(100*l.at(name), 'g', -1, 64) + " %"
}

// horizon is how far forecasts look ahead, as people read it.
func (l Limits) horizon() string {
	return strconv.FormatFloat(l.at("forecast_horizon_seconds")/86400, 'g', 3, 64) + " days"
}

func (l Limits) missing() error {
	if l.absent == nil {
		return errors.New("no thresholds")
	}
	var names []string
	for n := range l.absent {
		names = append(names, n)
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return fmt.Errorf("thresholds missing: %s", strings.Join(names, ", "))
}

// colour is one from a value on.
type colour struct {
	from float64
	name string
}

// steps are green, or whatever base says, and other colours from values on.
func steps(base string, more ...colour) cog.Builder[dashboard.ThresholdsConfig] {
	all := []dashboard.Threshold{{Color: base}}
	for _, c := range more {
		all = append(all, dashboard.Threshold{Value: new(c.from), Color: c.name})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(all)
}

// busy are the colours of the utilization of a port.
func (l Limits) busy() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("port_utilization_p95_ratio"), "orange"}, colour{l.at("port_utilization_ratio"), "red"})
}

// full are those of its 95th percentile: order an upgrade, have it.
func (l Limits) full() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("port_utilization_p95_ratio"), "orange"}, colour{l.at("port_utilization_forecast_ratio"), "red"})
}

// failover are those of what the other port of a pair would carry.
func (l Limits) failover() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("pair_failover_utilization_p95_ratio"), "orange"}, colour{l.at("pair_failover_utilization_forecast_ratio"), "red"})
}

// anyIsRed is for counts of faults.
func anyIsRed() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{1, "red"})
}

// old are the colours of an age of samples.
func (l Limits) old() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("sample_age_seconds"), "orange"})
}

// sold are the colours of the bandwidth sold over the line rate.
func (l Limits) sold() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("port_oversubscription_ratio"), "orange"})
}
