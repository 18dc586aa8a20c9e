package doctor

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const connectionRights = "let the administrator of the organisation give the user of the app the right to view the connections of the port"

// searchConnections asks for the connections of all ports, as the exporter does
// in each cycle.
func (e *exam) searchConnections(ctx context.Context) {
	if e.stopped(ctx, checkConnections) {
		return
	}
	ports := map[string]port{}
	var uuids []string
	for _, p := range e.reachable() {
		ports[p.uuid] = p
		uuids = append(uuids, p.uuid)
	}
	if len(uuids) == 0 {
		e.add(skip, checkConnections, "", "there is no port to ask about", "")
		return
	}
	found := map[string]fabric.Connection{}
	var refused []port
	var why error
	err := e.client.PortConnections(ctx, uuids, func(batch []string, conns []fabric.Connection, err error) {
		for _, c := range conns {
			found[c.UUID] = c
		}
		if err != nil {
			why = err
			for _, uuid := range batch {
				refused = append(refused, ports[uuid])
			}
		}
	})
	if err != nil { // ctx has ended
		e.fault(ctx, checkConnections, "", "", err)
		return
	}
	e.countConnections(ports, found)
	if n := len(ports) - len(refused); n > 0 {
		e.add(ok, checkConnections, "", fmt.Sprintf("%s on %s", human.Plural(len(found), "connection"), human.Plural(n, "port")), "")
	}
	e.tellUnsearched(ctx, refused, len(ports), why)
	e.lookAtSelection(len(found))
}

// lookAtSelection tells what the filters of connections make of those found.
func (e *exam) lookAtSelection(found int) {
	c := e.account.Connections
	if !c.Traffic || found == 0 {
		return
	}
	detail := fmt.Sprintf("connections.include and exclude let %d of %s through, %d of them with traffic to ask for", e.selected, human.Plural(found, "connection"), len(e.measured))
	switch {
	case e.selected == 0:
		e.add(warn, checkConnections, "", detail, "loosen connections.include or connections.exclude")
	case e.selected > c.Max:
		e.add(warn, checkConnections, "", fmt.Sprintf("%s; only %d get series", detail, c.Max), "raise connections.max, or narrow connections.include and exclude")
	default:
		e.add(ok, checkConnections, "", detail, "")
	}
}

// tellUnsearched is about the ports whose connections nobody told.
func (e *exam) tellUnsearched(ctx context.Context, refused []port, of int, why error) {
	switch {
	case why == nil:
	case fabric.Reason(why) != fabric.ReasonForbidden && fabric.Reason(why) != fabric.ReasonNotFound:
		e.fault(ctx, checkConnections, "", fmt.Sprintf("%d of %s without an answer: ", len(refused), human.Plural(of, "port")), why)
	case len(refused) == of:
		e.add(fail, checkConnections, "", "refused for all ports: "+why.Error(), connectionRights)
	default:
		e.each(fail, checkConnections, "port", refused, why.Error(), connectionRights)
	}
}

// countConnections counts each connection once for every port that it is on, and
// those that would have series and traffic, as the plan of the exporter does.
func (e *exam) countConnections(ports map[string]port, found map[string]fabric.Connection) {
	selection := daemon.Selection(e.account.Connections)
	own := map[string]bool{}
	for uuid := range ports {
		own[uuid] = true
	}
	for _, uuid := range slices.Sorted(maps.Keys(found)) {
		c := found[uuid]
		if of := poll.NewConnection(c); selection != nil && selection.Match(&of) {
			e.selected++
			if of.CarriesTraffic() && len(e.measured) < selection.Max {
				e.measured = append(e.measured, e.trafficOf(c, own))
			}
		}
		if own[c.ASidePort] {
			e.connections++
		}
		if own[c.ZSidePort] && c.ZSidePort != c.ASidePort {
			e.connections++
		}
	}
}
