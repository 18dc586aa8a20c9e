// Package history names the series of single intervals, each sample with the time of its
// interval, and sends them to receivers of Prometheus remote write. They are never on
// /metrics.
package history

import (
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Family is the metric family of a quantity. All of them are gauges.
type Family struct {
	Name, Help string
	Unit       string // as OpenMetrics spells it, "" for packets

	scale float64 // from the unit of fleet
}

// quantities are the families of ports and connections without the prefix of their name and
// without the subject of their HELP.
var quantities = map[fleet.Quantity]Family{
	fleet.MeanRate:       {Name: "mean_bytes_per_second", Unit: "bytes_per_second", scale: 1. / 8, Help: "Mean rate of the interval that ends at the time of the sample."},
	fleet.MaxRate:        {Name: "max_bytes_per_second", Unit: "bytes_per_second", scale: 1. / 8, Help: "Highest rate in the interval that ends at the time of the sample, if the source knows it."},
	fleet.PacketsDropped: {Name: "packets_dropped", scale: 1, Help: "Packets dropped in the interval that ends at the time of the sample."},
	fleet.PacketsErrored: {Name: "packets_errored", scale: 1, Help: "Packets with errors in the interval that ends at the time of the sample."},
}

// FamilyOf is the family of a quantity of ports or of connections.
func FamilyOf(q fleet.Quantity, connection bool) Family {
	f, prefix := quantities[q], "equinix_fabric_port_interval_"
	if connection {
		prefix = "equinix_fabric_connection_interval_"
	}
	f.Name = prefix + f.Name
	return f
}

// Families lists all families in the order of their names.
func Families() (all []Family) {
	for _, connection := range []bool{true, false} {
		for _, q := range []fleet.Quantity{fleet.MaxRate, fleet.MeanRate, fleet.PacketsDropped, fleet.PacketsErrored} {
			if connection && q == fleet.PacketsErrored {
				continue // Equinix counts them at ports alone
			}
			all = append(all, FamilyOf(q, connection))
		}
	}
	return all
}

// Value is a point in the unit of its family.
func (f Family) Value(p fleet.Point) float64 { return p.Value * f.scale }

// Labels are the names and values of the labels of a track, in the order of their names.
func Labels(of fleet.Subject, resolution time.Duration, t *fleet.Track) []string {
	r := model.Duration(resolution).String()
	if !of.Connection {
		return []string{"direction", string(t.Direction), "port_name", of.Name, "port_uuid", of.UUID, "resolution", r}
	}
	labels := []string{"connection_name", of.Name, "connection_uuid", of.UUID, "direction", string(t.Direction), "resolution", r}
	if t.Side != "" {
		labels = append(labels, "side", string(t.Side))
	}
	return labels
}
