package doctor

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const connectionRights = askAdministrator + "view the connections of the port"

// searchConnections searches for the connections on all ports, as the exporter does in each
// cycle.
func (e *exam) searchConnections(ctx context.Context) {
	e.check = "connections"
	if e.cannotAsk(ctx) {
		return
	}
	ports := e.reachable()
	if len(ports) == 0 && !e.account.Connections.All {
		e.add(skip, "", "there is no port to ask about", "")
		return
	}
	var uuids []string
	own := map[string]bool{}
	for _, p := range ports {
		uuids, own[p.uuid] = append(uuids, p.uuid), true
	}
	found, failed := map[string]fabric.Connection{}, map[string]bool{}
	var why error
	passing := false // some of the failures may pass
	err := e.client.PortConnections(ctx, uuids, func(batch []string, conns []fabric.Connection, err error) {
		for _, c := range conns {
			found[c.UUID] = c
		}
		if err != nil {
			why, passing = err, passing || !poll.SearchRefused(err)
			for _, uuid := range batch {
				failed[uuid] = true
			}
		}
	})
	if err != nil { // ctx has ended
		e.fault(ctx, "", "", err)
		return
	}
	all := map[string]fabric.Connection{} // on ports or not
	why = e.listConnections(ctx, all, why, len(failed) == len(ports) && why != nil && !passing)
	through := ""
	if e.fromV3 {
		clear(failed)
		through = ", through v3: the v4 search does not exist for these credentials, or refuses them"
		for uuid, c := range all {
			if own[c.ASidePort] || own[c.ZSidePort] {
				found[uuid] = c
			}
		}
	}
	if n := len(ports) - len(failed); n > 0 {
		e.add(ok, "", fmt.Sprintf("%s on %s%s", human.Plural(len(found), "connection"), human.Plural(n, "port"), through), "")
	}
	refused := why != nil && poll.SearchRefused(why)
	switch {
	case why == nil:
	case !refused:
		e.fault(ctx, "", fmt.Sprintf("%d of %s without an answer: ", len(failed), human.Plural(len(ports), "port")), why)
	case len(failed) == len(ports):
		e.add(fail, "", "refused for all ports: "+why.Error(), connectionRights)
	default:
		ports = slices.DeleteFunc(slices.Clone(ports), func(p asset) bool { return !failed[p.uuid] })
		e.each(fail, "port", ports, why.Error(), connectionRights)
	}
	e.reportHidden(ports, found)
	if e.account.Connections.All {
		maps.Copy(found, all)
	}
	e.selectConnections(found, own)
}

// listConnections lists all connections: through v4 if the account tracks all, or through v3
// if v4 has refused the search for every port. why is the error of these searches; it
// returns nil instead if v3 has answered.
func (e *exam) listConnections(ctx context.Context, all map[string]fabric.Connection, why error, refused bool) error {
	if e.account.Connections.All && !refused {
		conns, err := poll.GatherConnections(e.client.Connections(ctx))
		switch {
		case err == nil:
			e.take(all, conns)
		case len(e.ports) == 0 && poll.SearchRefused(err):
			why, refused = err, true
		default:
			e.fault(ctx, "", "listing of all connections: ", err)
		}
	}
	if !refused {
		return why
	}
	conns, err := poll.GatherConnections(e.client.BuyerConnectionsV3(ctx))
	if err != nil {
		return fmt.Errorf("%w; and %w", why, err)
	}
	e.take(all, conns)
	e.fromV3 = true
	return nil
}

func (e *exam) take(all map[string]fabric.Connection, conns []fabric.Connection) {
	for _, c := range conns {
		all[c.UUID] = c
	}
	e.listing = poll.Pages(len(conns))
}

// reportHidden reports the ports whose connections v3 does not list.
func (e *exam) reportHidden(ports []asset, found map[string]fabric.Connection) {
	if !e.fromV3 {
		return
	}
	ordered := poll.PortsWithConnections(slices.Collect(maps.Values(found)))
	var hidden, notOrdered []asset
	for _, p := range ports {
		switch listed := e.listed[p.uuid]; {
		case listed.ConnectionsHidden:
			hidden = append(hidden, p)
		case listed.HasConnections && !ordered[p.uuid]:
			notOrdered = append(notOrdered, p)
		}
	}
	e.each(fail, "port", hidden, "v3 says that the user may not view the connections of the port, so their number is not known", connectionRights)
	e.each(warn, "port", notOrdered, "Equinix says that the port has connections, and v3 lists none that exists, so their number is not known",
		"v3 lists only connections that the account has ordered; "+connectionRights+" through the v4 API")
}

// selectConnections finds out which connections have traffic that the exporter would poll:
// those on the account's own ports, and with connections.all the others as well. It also
// counts their ends on these ports, by which the exporter plans its searches.
func (e *exam) selectConnections(found map[string]fabric.Connection, own map[string]bool) {
	selection, selected, onNoPort := daemon.Selection(e.account.Connections), 0, 0
	for _, uuid := range slices.Sorted(maps.Keys(found)) {
		c := found[uuid]
		if own[c.ASidePort] {
			e.portEnds++
		}
		if own[c.ZSidePort] && c.ZSidePort != c.ASidePort {
			e.portEnds++
		}
		of := poll.NewConnection(c)
		if selection == nil {
			continue
		}
		side, port, is := selection.SeenFrom(&of, own)
		if !is {
			continue
		}
		selected++
		e.tracked = append(e.tracked, c)
		if port == "" {
			onNoPort++
		}
		if of.CarriesTraffic() && len(e.connections) < selection.Max {
			ask := func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error) {
				t, err := poll.AskConnection(ctx, e.client, source, uuid, side, from, to)
				if err != nil {
					return nil, err
				}
				return &t.Traffic, nil
			}
			e.connections = append(e.connections, asset{uuid, c.Name, c.State, ask})
		}
	}
	if selection == nil || len(found) == 0 {
		return
	}
	detail := fmt.Sprintf("connections.include and exclude select %d of %s; traffic is polled for %d",
		selected, human.Plural(len(found), "connection"), len(e.connections))
	if selection.All {
		detail += fmt.Sprintf("; %d of them are on no port of the account (connections.all)", onNoPort)
	}
	switch {
	case selected == 0:
		e.add(warn, "", detail, "loosen connections.include or connections.exclude")
	case selected > selection.Max:
		e.add(warn, "", fmt.Sprintf("%s; only %d get series", detail, selection.Max), "raise connections.max, or narrow connections.include and exclude")
	default:
		e.add(ok, "", detail, "")
	}
}

// checkBudget plans the calls of a cycle as the exporter would.
func (e *exam) checkBudget() {
	e.check = "budget"
	if e.account.Discover.Enabled && e.unlisted() {
		return
	}
	b := poll.NewBudget(daemon.PollConfig(e.cfg), poll.Load{
		Ports: len(e.ports), Connections: e.portEnds, Measured: len(e.connections), AssetPages: e.assetPages,
		Products: e.products, PriceInterval: e.account.Prices.Interval,
		Listing: e.listing, FromV3: e.fromV3,
	})
	load := human.Plural(len(e.ports), "port")
	if len(e.connections) > 0 {
		load += " and the traffic of " + human.Plural(len(e.connections), "connection")
	}
	configured := e.cfg.Poll.Windows[0].Interval
	detail := fmt.Sprintf("%.0f calls per %s for %s; the budget allows %.0f", math.Ceil(b.Calls), model.Duration(configured), load, math.Floor(b.Allowed))
	if b.Remedy == "" {
		e.add(ok, "", detail, "")
		return
	}
	var longer []string
	for _, k := range []struct {
		noun     string
		interval time.Duration
		gaps     bool
	}{{"port", b.Interval, b.Gaps}, {"connection", b.ConnectionTraffic, b.ConnectionTrafficGaps}} {
		if k.interval <= configured {
			continue
		}
		text := fmt.Sprintf("each %s is polled every %s", k.noun, k.interval)
		if k.gaps {
			text += ", and its last polled rate ends in between"
		}
		longer = append(longer, text)
	}
	e.add(warn, "", detail+", so "+strings.Join(longer, "; "), b.Remedy)
}
