package e2e_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/prom"
)

// TestCurrenciesStayApart: no rule and no panel adds, picks or compares amounts of money
// without their currency.
func TestCurrenciesStayApart(t *testing.T) {
	t.Parallel()
	exprs := map[string]string{}
	files, err := filepath.Glob("../deploy/prometheus/equinix_fabric.*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		for _, g := range prom.ParseRules(t, file).Groups {
			for _, r := range g.Rules {
				exprs[r.Record+r.Alert] = r.Expr
			}
		}
	}
	for _, d := range dashboards(t) {
		for _, p := range d.Asking() {
			for _, q := range p.Targets {
				exprs[d.UID+": "+p.Title+" "+q.RefID] = strings.NewReplacer("$__range", "1d", "$__interval", "5m").Replace(q.Expr)
			}
		}
	}
	priced := 0
	for where, text := range exprs {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			part, ok := n.(parser.Expr)
			if !ok || !isMoney(part) {
				return nil
			}
			priced++
			if err := keepsCurrency(part); err != nil {
				t.Errorf("%s: %v", where, err)
			}
			return nil
		})
	}
	if priced < 30 {
		t.Errorf("only %d expressions of money were found", priced)
	}
}

func TestCurrenciesThatMixAreFound(t *testing.T) {
	t.Parallel()
	for text, apart := range map[string]bool{
		"sum by (account, currency) (equinix_fabric_port_monthly_price)":     true,
		"sum by (account) (equinix_fabric_port_monthly_price)":               false,
		"sum without (port_uuid) (equinix_fabric_port_monthly_price)":        true,
		"sum without (currency) (equinix_fabric_port_monthly_price)":         false,
		"topk by (port_uuid) (1, equinix_fabric_port_monthly_price)":         false,
		"count by (account) (equinix_fabric_port_monthly_price)":             true,
		"max by (account) (equinix_fabric:account:ports_without_price)":      true,
		"equinix_fabric:port:next_step_monthly_price - a_monthly_price":      true,
		"a_monthly_price - on (port_uuid) b_monthly_price":                   false,
		"a_monthly_price > ignoring (currency) b_monthly_price":              false,
		"a_monthly_price unless on (port_uuid) b_monthly_price":              true,
		"a_monthly_price / on (port_uuid) group_right (currency) b_bytes":    true,
		`label_replace(sum(a_monthly_price_per_mbps), "x", "1", "y", "(.)")`: false,
	} {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		var found error
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			if part, ok := n.(parser.Expr); ok && isMoney(part) && found == nil {
				found = keepsCurrency(part)
			}
			return nil
		})
		if (found == nil) != apart {
			t.Errorf("%s: %v", text, found)
		}
	}
}

// keepsCurrency returns an error if e, whose value is money, may mix currencies itself.
func keepsCurrency(e parser.Expr) error {
	const label = "currency"
	switch e := e.(type) {
	case *parser.AggregateExpr:
		if slices.Contains(e.Grouping, label) == e.Without {
			return fmt.Errorf("aggregates money without its currency: %s", e)
		}
	case *parser.BinaryExpr:
		m := e.VectorMatching
		if e.Op.IsSetOperator() || m == nil || !isMoney(e.LHS) || !isMoney(e.RHS) {
			return nil
		}
		if slices.Contains(m.MatchingLabels, label) != m.On {
			return fmt.Errorf("joins money of different currencies: %s", e)
		}
	}
	return nil
}

var moneyName = regexp.MustCompile(`_monthly_price(_per_mbps)?$`)

// isMoney reports whether the value of e is an amount of money: not a count of amounts.
func isMoney(e parser.Expr) bool {
	switch e := e.(type) {
	case *parser.VectorSelector:
		family := ""
		for _, m := range e.LabelMatchers {
			if (m.Name == model.MetricNameLabel || m.Name == "family") && moneyName.MatchString(m.Value) {
				family = m.Value
			}
		}
		return family != ""
	case *parser.AggregateExpr:
		return e.Op != parser.COUNT && e.Op != parser.GROUP && e.Op != parser.COUNT_VALUES && isMoney(e.Expr)
	case *parser.BinaryExpr:
		if e.Op == parser.LAND || e.Op == parser.LUNLESS || e.ReturnBool {
			return !e.ReturnBool && isMoney(e.LHS)
		}
		return isMoney(e.LHS) || isMoney(e.RHS)
	case *parser.Call:
		return slices.ContainsFunc(e.Args, isMoney)
	case *parser.ParenExpr:
		return isMoney(e.Expr)
	case *parser.MatrixSelector:
		return isMoney(e.VectorSelector)
	case *parser.SubqueryExpr:
		return isMoney(e.Expr)
	case *parser.UnaryExpr:
		return isMoney(e.Expr)
	case *parser.StepInvariantExpr:
		return isMoney(e.Expr)
	}
	return false
}
