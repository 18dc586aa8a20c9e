package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

const (
	correctUUID = "correct the uuid in the configuration"
	correctPort = "check the uuid; if it is right, the port is another account's, or the user of the app lacks the right to view it"
	readPort    = "let the administrator of the organisation give the user of the app the right to view this port; " +
		"if it is another organisation's, take it out of the configuration"
)

// lookForListed finds the configured ports that the listing lacks, and asks for
// the first of them by itself: that tells a mistyped uuid from a missing right.
func (e *exam) lookForListed(ctx context.Context) {
	if len(e.account.Ports) == 0 {
		return
	}
	if e.listed == nil {
		e.add(skip, checkVisibility, "", "the ports were not listed", "")
		return
	}
	trouble := map[string][]port{}
	lacking := 0
	for _, p := range e.watched {
		if p.listed {
			continue
		}
		lacking++
		why := correctPort
		if lacking <= maxLines && !e.listedByV3 {
			why = e.whyUnseen(ctx, p.uuid)
		}
		trouble[why] = append(trouble[why], p)
	}
	if lacking == 0 {
		e.add(ok, checkVisibility, "", fmt.Sprintf("all of the %s listed in the configuration are seen", plural(len(e.account.Ports), "port")), "")
	}
	for _, t := range []struct{ remedy, text string }{
		{correctUUID, "no such port at Equinix"},
		{readPort, "the port exists, and the credentials may not view it"},
		{correctPort, "not among the ports that the credentials see"},
	} {
		e.each(fail, checkVisibility, named(trouble[t.remedy]), t.text, t.remedy)
	}
}

// whyUnseen is the remedy for a port that was not listed.
func (e *exam) whyUnseen(ctx context.Context, uuid string) string {
	_, err := e.client.Port(ctx, uuid)
	refused, is := errors.AsType[*fabric.Error](err)
	switch {
	case !is || refused.Fault: // the gateway knows nothing of ports
	case fabric.Reason(err) == fabric.ReasonForbidden:
		return readPort
	case fabric.Reason(err) == fabric.ReasonNotFound:
		return correctUUID
	}
	return correctPort
}

// named are ports that go by their uuid, and by their name too where they have
// one: the uuid is what is to be corrected.
func named(ports []port) []port {
	all := make([]port, len(ports))
	for i, p := range ports {
		all[i] = p
		if p.name != "" {
			all[i].name = p.uuid + " (" + p.name + ")"
		}
	}
	return all
}

// lookAtDiscovery says how many ports the filters of discovery take, and which
// filter takes none.
func (e *exam) lookAtDiscovery() {
	d := e.account.Discover
	if !d.Enabled {
		return
	}
	if e.listed == nil {
		e.add(skip, checkDiscover, "", "the ports were not listed", "")
		return
	}
	taken := 0
	for _, p := range e.listed {
		if d.Match(traits(p)) {
			taken++
		}
	}
	detail := fmt.Sprintf("takes %d of %s", taken, plural(len(e.listed), "port"))
	if taken == 0 {
		e.add(warn, checkDiscover, "", detail, "loosen discover.include or discover.exclude; the ports command without filters lists what there is")
	} else {
		e.add(ok, checkDiscover, "", detail, "")
	}
	e.lookAtFilters("include", d.Include)
	e.lookAtFilters("exclude", d.Exclude)
}

func (e *exam) lookAtFilters(list string, filters []config.Filter) {
	for i, f := range filters {
		if !e.matchesAny(f) {
			key := fmt.Sprintf("discover.%s[%d]", list, i)
			e.add(warn, checkDiscover, key, key+" matches no port",
				"correct or delete the filter; patterns match whole values, in the case of the API")
		}
	}
}

func (e *exam) matchesAny(f config.Filter) bool {
	for _, p := range e.listed {
		if f.Match(traits(p)) {
			return true
		}
	}
	return false
}

// traits are what the filters of discovery look at.
func traits(p fabric.Port) config.PortTraits {
	return config.PortTraits{
		Name: p.Name, Metro: p.MetroCode, IBX: p.IBX, State: p.State, Project: p.ProjectID, Package: p.Package,
	}
}

// lookAtPairs finds the ports of configured pairs of which there will be no data.
func (e *exam) lookAtPairs() {
	if len(e.account.Pairs) == 0 {
		return
	}
	if e.listed == nil {
		e.add(skip, checkPairs, "", "the ports were not listed", "")
		return
	}
	watched := map[string]bool{}
	for _, p := range e.watched {
		watched[p.uuid] = p.listed
	}
	lacking := false
	for _, pair := range e.account.Pairs {
		for _, uuid := range []string{pair.Primary, pair.Secondary} {
			_, seen := e.listed[uuid]
			switch {
			case !seen:
				e.add(fail, checkPairs, pair.Name, fmt.Sprintf("%s: the credentials do not see the port %s", pair.Name, uuid), correctPort)
			case !watched[uuid]:
				e.add(fail, checkPairs, pair.Name, fmt.Sprintf("%s: the port %s is not watched", pair.Name, uuid), "list it under ports, or let discover take it")
			default:
				continue
			}
			lacking = true
		}
	}
	if !lacking {
		e.add(ok, checkPairs, "", plural(len(e.account.Pairs), "pair")+", both ports of each seen", "")
	}
}
