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

// Limits are the thresholds and the conditions of the alerts, so that a panel turns
// red when its alert fires. Its zero value has none.
type Limits struct {
	values map[string]float64
	exprs  map[string]string // by the name of the rule
	absent map[string]bool   // asked for but not in the files
}

var constant = regexp.MustCompile(`^vector\(([^)]+)\)$`)

// ReadLimits reads a file of thresholds, and the files of the rules that compare with
// them. Each rule of the first records one number as equinix_fabric:threshold:<name>
// with the expression vector(<number>).
func ReadLimits(thresholds string, rules ...string) (Limits, error) {
	l := Limits{values: map[string]float64{}, exprs: map[string]string{}, absent: map[string]bool{}}
	for _, path := range append([]string{thresholds}, rules...) {
		text, err := os.ReadFile(path) //nolint:gosec // the caller's own choice
		if err != nil {
			return Limits{}, err
		}
		var file struct {
			Groups []struct {
				Rules []struct{ Record, Alert, Expr string }
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return Limits{}, fmt.Errorf("%s: %w", path, err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if path != thresholds {
					l.exprs[r.Record+r.Alert] = r.Expr
					continue
				}
				name, ok := strings.CutPrefix(r.Record, "equinix_fabric:threshold:")
				m := constant.FindStringSubmatch(strings.TrimSpace(r.Expr))
				if !ok || m == nil {
					return Limits{}, fmt.Errorf("%s: %s: %s is not a threshold", path, r.Record, r.Expr)
				}
				if l.values[name], err = strconv.ParseFloat(m[1], 64); err != nil {
					return Limits{}, fmt.Errorf("%s: %s: %w", path, r.Record, err)
				}
			}
		}
	}
	return l, nil
}

var (
	space    = regexp.MustCompile(`\s+`)
	padding  = regexp.MustCompile(`([({]) | ([)}])`)
	latest   = regexp.MustCompile(`equinix_fabric:exporter:latest\{family="(\w+)", ?`)
	withName = regexp.MustCompile(` \* on \(port_uuid\) group_left \([^)]+\) equinix_fabric:port:info$`)
	recorded = regexp.MustCompile(`equinix_fabric:(port|connection):\w+`)
)

// condition is the condition of an alert in terms of the exporter's families, so that
// a panel needs no rules. It covers the given connections instead of all.
func (l Limits) condition(rule, connections string) string {
	expr, ok := l.exprs[rule]
	if !ok && l.absent != nil {
		l.absent[rule] = true
	}
	expr = padding.ReplaceAllString(strings.TrimSpace(space.ReplaceAllString(expr, " ")), "$1$2")
	expr = withName.ReplaceAllString(latest.ReplaceAllString(expr, ns+"$1{"), "")
	return recorded.ReplaceAllStringFunc(expr, func(name string) string {
		if name == "equinix_fabric:connection:info" {
			return connections
		}
		inner := l.condition(name, connections)
		if enclosed(inner) {
			return inner
		}
		return "(" + inner + ")"
	})
}

// enclosed reports whether a pair of parentheses is around all of expr. No label in it has
// parentheses.
func enclosed(expr string) bool {
	depth := 0
	for i, c := range expr {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			return i > 0 && i == len(expr)-1
		}
	}
	return false
}

// portDown and linksLost are the conditions of FabricPortDown and FabricLAGLinkLost,
// without how long they must last.
func (l Limits) portDown() string  { return l.condition("equinix_fabric:port:down", "") }
func (l Limits) linksLost() string { return l.condition("FabricLAGLinkLost", "") }

// at is the limit of that name. If there is none, Build returns an error.
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
	return fmt.Errorf("thresholds or rules missing: %s", strings.Join(names, ", "))
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

// full are the colours of its 95th percentile: order an upgrade, then have it installed.
func (l Limits) full() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("port_utilization_p95_ratio"), "orange"}, colour{l.at("port_utilization_forecast_ratio"), "red"})
}

// failover are the colours of what the other port of a pair would carry.
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

// sold are the colours of the sold bandwidth as a share of the line rate.
func (l Limits) sold() cog.Builder[dashboard.ThresholdsConfig] {
	return steps("green", colour{l.at("port_oversubscription_ratio"), "orange"})
}
