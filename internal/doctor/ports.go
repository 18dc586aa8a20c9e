package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const (
	portRights  = askAdministrator + "view the ports, in the project or account that they belong to"
	noPortsCode = "EQ-3046110" // of the API, if the user has neither ports nor a project

	correctUUID = "correct the uuid in the configuration"
	correctPort = "check the uuid; if it is right, the port is another account's, or the user of the app lacks the right to view it"
)

// listPorts asks which ports the credentials see: through v4, or through v3 if v4 does not
// exist.
func (e *exam) listPorts(ctx context.Context) {
	e.check = "ports"
	if e.cannotAsk(ctx) {
		return
	}
	through := ""
	listed, _, err := poll.Gather(e.client.Ports(ctx))
	if fabric.Gone(err) {
		errV4 := err
		if listed, _, err = poll.Gather(e.client.UserPortsV3(ctx)); err != nil {
			err = fmt.Errorf("%w; and %w", errV4, err)
		}
		e.listedByV3, through = true, ", through v3: v4 does not exist for these credentials"
	}
	refused, _ := errors.AsType[*fabric.Error](err)
	switch {
	case err != nil && (fabric.Reason(err) == fabric.ReasonForbidden || refused != nil && refused.Code == noPortsCode):
		e.add(fail, "", err.Error(), portRights)
	case err != nil:
		e.fault(ctx, "", "", err)
	case len(listed) == 0:
		e.listed = listed
		e.add(warn, "", "the credentials see no port"+through, portRights)
	default:
		e.listed = listed
		e.add(ok, "", human.Plural(len(listed), "port")+" seen"+through, "")
	}
}

// portsToPoll are the ports that are configured, in their order, then those that are
// discovered.
func (e *exam) portsToPoll() []asset {
	var all []asset
	add := func(uuid, name, state string) {
		all = append(all, asset{uuid, name, state, func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error) {
			return poll.Ask(ctx, e.client, source, uuid, from, to)
		}})
	}
	configured := map[string]bool{}
	for _, c := range e.account.Ports {
		configured[c.UUID] = true
		found := e.listed[c.UUID]
		add(c.UUID, cmp.Or(c.Name, found.Name), found.State)
	}
	for _, uuid := range slices.Sorted(maps.Keys(e.listed)) {
		if p := e.listed[uuid]; !configured[uuid] && e.account.Discover.Match(traits(p)) {
			add(uuid, p.Name, p.State)
		}
	}
	return all
}

// reachable are the ports that are worth a call: those that are listed, or all if none is.
func (e *exam) reachable() []asset {
	var listed []asset
	for _, p := range e.ports {
		if _, is := e.listed[p.uuid]; is {
			listed = append(listed, p)
		}
	}
	if listed == nil {
		return e.ports
	}
	return listed
}

// traits are what the filters of discovery match.
func traits(p fabric.Port) config.PortTraits {
	return config.PortTraits{
		Name: p.Name, Metro: p.MetroCode, IBX: p.IBX, State: p.State, Project: p.ProjectID, Package: p.Package,
	}
}

// checkVisibility reports the configured ports that are not in the listing. It asks for the
// first of them one by one: the API may say that there is no such port.
func (e *exam) checkVisibility(ctx context.Context) {
	e.check = "visibility"
	if len(e.account.Ports) == 0 || e.unlisted() {
		return
	}
	var mistyped, hidden []asset
	for _, p := range e.ports {
		if _, listed := e.listed[p.uuid]; listed {
			continue
		}
		if p.name != "" {
			p.name = p.uuid + " (" + p.name + ")" // the uuid is what may be wrong
		}
		if len(mistyped)+len(hidden) < maxLines && !e.listedByV3 {
			_, err := e.client.Port(ctx, p.uuid)
			refused, is := errors.AsType[*fabric.Error](err)
			// A 403 proves nothing: the API forbids what does not exist, too. Of ports the
			// gateway knows nothing.
			if is && !refused.Fault && fabric.Reason(err) == fabric.ReasonNotFound {
				mistyped = append(mistyped, p)
				continue
			}
		}
		hidden = append(hidden, p)
	}
	if len(mistyped)+len(hidden) == 0 {
		e.add(ok, "", human.Plural(len(e.account.Ports), "configured port")+", none missing from the listing", "")
	}
	e.each(fail, "port", mistyped, "the API says that there is no such port", correctUUID)
	e.each(fail, "port", hidden, "not among the ports that the credentials see", correctPort)
}

// checkDiscovery reports how many ports the filters of discovery select, and which filters
// match none.
func (e *exam) checkDiscovery() {
	e.check = "discover"
	d := e.account.Discover
	if !d.Enabled || e.unlisted() {
		return
	}
	var all []config.PortTraits
	selected := 0
	for _, p := range e.listed {
		all = append(all, traits(p))
		if d.Match(traits(p)) {
			selected++
		}
	}
	detail := fmt.Sprintf("selects %d of %s", selected, human.Plural(len(all), "port"))
	if selected == 0 {
		e.add(warn, "", detail, "loosen discover.include or discover.exclude; the ports command without filters lists what there is")
	} else {
		e.add(ok, "", detail, "")
	}
	for i, f := range slices.Concat(d.Include, d.Exclude) {
		key := fmt.Sprintf("discover.include[%d]", i)
		if n := len(d.Include); i >= n {
			key = fmt.Sprintf("discover.exclude[%d]", i-n)
		}
		if !slices.ContainsFunc(all, f.Match) {
			e.add(warn, key, key+" matches no port", "correct or delete the filter; a pattern must match the whole value, and is case-sensitive")
		}
	}
}

// checkPairs reports the ports of configured pairs that the exporter would not poll.
func (e *exam) checkPairs() {
	e.check = "pairs"
	if len(e.account.Pairs) == 0 || e.unlisted() {
		return
	}
	complete := true
	for _, pair := range e.account.Pairs {
		for _, uuid := range []string{pair.Primary, pair.Secondary} {
			_, seen := e.listed[uuid]
			polled := slices.ContainsFunc(e.ports, func(p asset) bool { return p.uuid == uuid })
			switch {
			case !seen:
				e.add(fail, pair.Name, fmt.Sprintf("%s: the credentials do not see the port %s", pair.Name, uuid), correctPort)
			case !polled:
				e.add(fail, pair.Name, fmt.Sprintf("%s: the port %s is not polled", pair.Name, uuid), "list it under ports, or let discover select it")
			}
			complete = complete && seen && polled
		}
	}
	if complete {
		e.add(ok, "", human.Plural(len(e.account.Pairs), "pair")+", both ports of each seen", "")
	}
}
