package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// port is a port that would be polled.
type port struct {
	uuid   string
	name   string // as configured, else as the API has it; "" where neither says
	state  string // lifecycle state, "" where it is not known
	listed bool   // by the API
}

func (p port) String() string { return cmp.Or(p.name, p.uuid) }

const (
	portRights = "let the administrator of the organisation give the user of the app the right to view the ports, " +
		"in the project or account that they belong to"
	noPortsCode = "EQ-3046110" // the API's way to say that the user has neither ports nor a project
)

// list asks which ports the credentials see: through v4, and through v3 where
// v4 does not exist. Then it is known which ports would be polled.
func (e *exam) list(ctx context.Context) {
	if !e.stopped(ctx, checkPorts) {
		e.askForPorts(ctx)
	}
	e.watched = e.portsToWatch()
}

func (e *exam) askForPorts(ctx context.Context) {
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
		e.add(fail, checkPorts, "", err.Error(), portRights)
	case err != nil:
		e.fault(ctx, checkPorts, "", "", err)
	case len(listed) == 0:
		e.listed = listed
		e.add(warn, checkPorts, "", "the credentials see no port"+through, portRights)
	default:
		e.listed = listed
		e.add(ok, checkPorts, "", human.Plural(len(listed), "port")+" seen"+through, "")
	}
}

// portsToWatch are the ports that are configured, in their order, and those
// that are discovered.
func (e *exam) portsToWatch() []port {
	var all []port
	configured := map[string]bool{}
	for _, c := range e.account.Ports {
		configured[c.UUID] = true
		found, listed := e.listed[c.UUID]
		all = append(all, port{c.UUID, cmp.Or(c.Name, found.Name), found.State, listed})
	}
	for _, uuid := range slices.Sorted(maps.Keys(e.listed)) {
		if p := e.listed[uuid]; !configured[uuid] && e.account.Discover.Match(traits(p)) {
			all = append(all, port{uuid, p.Name, p.State, true})
		}
	}
	return all
}

// reachable are the ports that are worth a call: those that were listed, or all
// where no listing has one of them.
func (e *exam) reachable() []port {
	listed := slices.DeleteFunc(slices.Clone(e.watched), func(p port) bool { return !p.listed })
	if len(listed) == 0 {
		return e.watched
	}
	return listed
}

// maxLines is how many ports with the same trouble get a line each.
const maxLines = 10

// each adds a line for every port, or what else noun says, or one for all of them
// where they are many. trouble follows the name of the port or their number.
func (e *exam) each(s status, check, noun string, ports []port, trouble, remedy string) {
	if len(ports) <= maxLines {
		for _, p := range ports {
			e.add(s, check, p.uuid, p.String()+": "+trouble, remedy)
		}
		return
	}
	var names []string
	for _, p := range ports[:maxLines] {
		names = append(names, p.String())
	}
	e.add(s, check, "", fmt.Sprintf("%s: %s: %s and %d more", human.Plural(len(ports), noun), trouble, strings.Join(names, ", "), len(ports)-maxLines), remedy)
}
