package doctor

import (
	"fmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

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
		e.add(ok, checkPairs, "", human.Plural(len(e.account.Pairs), "pair")+", both ports of each seen", "")
	}
}
