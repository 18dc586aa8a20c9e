// Package board builds the Grafana dashboards: Fleet, Port, Connections and
// Exporter. They are written with the SDK for the newest Grafana and then brought
// down to what Grafana 9.3 reads too.
package board

import (
	"fmt"
	"net/url"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The UIDs of the dashboards. They are in the addresses of other people's links.
const (
	uidFleet       = "equinix-fabric-fleet"
	uidPort        = "equinix-fabric-port"
	uidConnections = "equinix-fabric-connections"
	uidExporter    = "equinix-fabric-exporter"
)

// repository holds the runbooks that panels link to.
const repository = "https://github.com/fabric-exporter/equinix_fabric_exporter/blob/main/"

// Build returns the dashboards as JSON, by the name of their file. It fails if
// a limit is missing.
func Build(l Limits) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, build := range map[string]func(Limits) *dashboard.DashboardBuilder{
		"fleet.json": fleet, "port.json": port, "connections.json": connections, "exporter.json": exporter,
	} {
		d, err := build(l).Build()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if files[name], err = encode(d); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return files, l.missing()
}

// about is how a dashboard introduces itself.
type about struct {
	uid, title, description string
	from                    string // start of the time range
}

// newDashboard is a dashboard without variables and panels.
func newDashboard(a about) *dashboard.DashboardBuilder {
	b := dashboard.NewDashboardBuilder(a.title).
		Uid(a.uid).
		Description(a.description).
		Tags([]string{"equinix-fabric"}).
		Timezone(common.TimeZoneBrowser).
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Time(a.from, "now").
		Refresh("1m").
		Editable()
	for _, to := range []struct{ uid, title, tooltip string }{
		{uidFleet, "Fleet", "All ports: is any nearly full?"},
		{uidPort, "Port", "One port in detail"},
		{uidConnections, "Connections", "The connections of the ports"},
		{uidExporter, "Exporter", "Can the other dashboards be trusted?"},
	} {
		if to.uid != a.uid {
			b = b.Link(link(to.title, "/d/"+to.uid+"?"+kept(a.uid, to.uid)).Tooltip(to.tooltip).KeepTime(true))
		}
	}
	return b.Link(link("Runbooks", repository+"docs/runbooks").
		Tooltip("What to do about each alert").Icon("doc").TargetBlank(true))
}

// kept are the variables that a link from one dashboard to another passes on: port
// too if the other dashboard can show several.
func kept(from, to string) string {
	q := "${datasource:queryparam}&${account:queryparam}"
	if from == uidExporter || to == uidExporter {
		return q
	}
	q += "&${metro:queryparam}&${window:queryparam}"
	if to == uidConnections {
		q += "&${port:queryparam}"
	}
	return q
}

// link is a link of a dashboard or a panel.
func link(title, to string) *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder(title).Type(dashboard.DashboardLinkTypeLink).Icon("dashboard").Url(to)
}

// runbooks are links to what to do about alerts, by their names.
func runbooks(alerts ...string) []cog.Builder[dashboard.DashboardLink] {
	var all []cog.Builder[dashboard.DashboardLink]
	for _, a := range alerts {
		all = append(all, link("Runbook: "+a, repository+"docs/runbooks/"+url.PathEscape(a)+".md").Icon("doc").TargetBlank(true))
	}
	return all
}

// toPort is the address of the Port dashboard for the port whose UUID is the value of
// uuid, a Grafana expression.
func toPort(uuid string) string {
	return "/d/" + uidPort + "?var-port=${" + uuid + "}&" + kept(uidFleet, uidPort) + "&${__url_time_range}"
}
