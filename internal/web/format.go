package web

import (
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const absent = human.Absent

// rateText writes bit/s with three digits, e.g. "1.25 Gbit/s".
func rateText(bits *float64) string {
	if bits == nil {
		return absent
	}
	digits, prefix := human.Scale(*bits)
	return digits + " " + prefix + "bit/s"
}

// ageText is how long ago t was.
func ageText(t, now time.Time) string {
	if t.IsZero() {
		return absent
	}
	return human.Duration(max(0, fleet.Age(now, t))) // clocks differ
}

// untilText is how long it is to t.
func untilText(t, now time.Time) string {
	switch left := t.Sub(now); {
	case t.IsZero():
		return absent
	case left <= 0:
		return "expired"
	default:
		return human.Duration(left)
	}
}

// intervalText writes d as Prometheus does, e.g. "5m37s".
func intervalText(d time.Duration) string {
	return model.Duration(d.Round(time.Second)).String()
}

// callsText is what the polling of an account wants of its request budget.
func callsText(a *fleet.Account) string {
	if a.CallsPerCycle <= 0 || a.BudgetPerCycle <= 0 { // nothing planned yet
		return absent
	}
	return strconv.FormatFloat(a.CallsPerCycle, 'f', 0, 64) + " of " + strconv.FormatFloat(a.BudgetPerCycle, 'f', 0, 64) + " calls"
}

// short cuts what others wrote, e.g. an API in its error, to a length that
// leaves room for the rest of the page.
func short(text string) string {
	const limit = 200
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return text
}
