package collector

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Namespace begins the name of every family of the exporter.
const Namespace = "equinix_fabric"

// Family is one metric family of the contract.
type Family struct {
	Name   string
	Type   prometheus.ValueType // a gauge unless it says counter
	Help   string
	Labels []string // in the order of the values
	Values int      // how many values the label state or status can have; 0 for one at a time

	// Exactly one of these is set: it sends the series of the whole fleet, of
	// one account, of one port, of one pair, of one connection.
	snapshot   func(*fleet.Snapshot, emit)
	account    func(accountView, emit)
	port       func(*fleet.View, emit)
	pair       func(*fleet.PairView, emit)
	connection func(*fleet.ConnectionView, emit)
}

// Families lists the families that are read from the snapshot, in the order of
// the documentation. It is the one table that Describe, Collect, docs/metrics.md
// and the tests are driven from.
func Families() []Family {
	return slices.Concat(
		portFamilies(), trafficFamilies(), pairFamilies(), connectionFamilies(),
		watchedFamilies(), watchedTrafficFamilies(), watchedHealthFamilies(), healthFamilies(),
	)
}

// TypeName is the type as the exposition format spells it.
func (f Family) TypeName() string {
	if f.Type == prometheus.CounterValue {
		return "counter"
	}
	return "gauge"
}

// most is how many series of the family one port, pair or connection can have,
// whatever the API says of it.
func (f *Family) most(windows int) int {
	if strings.HasSuffix(f.Name, "_info") {
		return 1
	}
	n := 1
	for _, label := range f.Labels {
		switch label {
		case "direction", "side":
			n *= 2
		case "window":
			n *= windows
		case "state", "status":
			n *= max(f.Values, 1)
		}
	}
	return n
}

// valued says how many values the label state or status of a row can have.
func valued(n int, f Family) Family {
	f.Values = n
	return f
}

// counted makes a counter of a row.
func counted(f Family) Family {
	f.Type = prometheus.CounterValue
	return f
}

// snapshotFamily is a row whose series belong to no account or port.
func snapshotFamily(name, help string, labels []string, series func(*fleet.Snapshot, emit)) Family {
	return Family{Name: Namespace + "_" + name, Help: help, Labels: labels, snapshot: series}
}

// accountFamily is a row with a series, or several, per account.
func accountFamily(name, help string, labels []string, series func(accountView, emit)) Family {
	return Family{
		Name: Namespace + "_" + name, Help: help,
		Labels: append([]string{"account"}, labels...), account: series,
	}
}

// portFamily is a row with a series, or several, per port.
func portFamily(name, help string, labels []string, series func(*fleet.View, emit)) Family {
	return Family{
		Name: Namespace + "_" + name, Help: help,
		Labels: append([]string{"port_uuid", "port_name"}, labels...), port: series,
	}
}

// pairFamily is a row with a series, or several, per pair.
func pairFamily(name, help string, labels []string, series func(*fleet.PairView, emit)) Family {
	return Family{
		Name: Namespace + "_" + name, Help: help,
		Labels: append([]string{"pair"}, labels...), pair: series,
	}
}

// watchedFamily is a row with a series, or several, per watched connection.
func watchedFamily(name, help string, labels []string, series func(*fleet.ConnectionView, emit)) Family {
	return Family{
		Name: Namespace + "_" + name, Help: help,
		Labels: append([]string{"connection_uuid", "connection_name"}, labels...), connection: series,
	}
}
