package doctor

import (
	"fmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

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
	detail := fmt.Sprintf("takes %d of %s", taken, human.Plural(len(e.listed), "port"))
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
