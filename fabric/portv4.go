package fabric

import "cmp"

// Units of the API, in bit/s.
const (
	bit  = 1
	kbit = 1e3
	mbit = 1e6
	gbit = 1e9
)

// portV4 is a port as the v4 API sends it. Every field is optional.
type portV4 struct {
	UUID  label `json:"uuid"`
	Name  label `json:"name"`
	State label `json:"state"`

	Operation struct {
		OperationalStatus label `json:"operationalStatus"`
		MaintenanceStatus label `json:"maintenanceStatus"`
	} `json:"operation"`

	Bandwidth            amount `json:"bandwidth"` // Mbit/s, deprecated
	AvailableBandwidth   amount `json:"availableBandwidth"`
	UsedBandwidth        amount `json:"usedBandwidth"`
	PhysicalPortsSpeed   amount `json:"physicalPortsSpeed"` // Mbit/s, of one of them
	PhysicalPortsCount   amount `json:"physicalPortsCount"`
	PhysicalPortQuantity amount `json:"physicalPortQuantity"`
	PhysicalPorts        []struct {
		UUID           label  `json:"uuid"`
		InterfaceSpeed amount `json:"interfaceSpeed"`
		Operation      struct {
			OperationalStatus label `json:"operationalStatus"`
		} `json:"operation"`
	} `json:"physicalPorts"`

	Location struct {
		MetroCode label `json:"metroCode"`
		MetroName label `json:"metroName"`
		Region    label `json:"region"`
		IBX       label `json:"ibx"` // deprecated
	} `json:"location"`
	DemarcationPointIBX label `json:"demarcationPointIbx"`

	Encapsulation struct {
		Type label `json:"type"`
	} `json:"encapsulation"`
	Package struct {
		Code label `json:"code"`
	} `json:"package"`
	Project struct {
		ProjectID label `json:"projectId"`
	} `json:"project"`

	LAGEnabled flag `json:"lagEnabled"`
	LAG        struct {
		Enabled flag `json:"enabled"`
	} `json:"lag"` // deprecated

	// device.redundancy belongs to the device, not to the port: its group is a small
	// number shared by unrelated ports.
	Redundancy redundancyV4 `json:"redundancy"`
}

type redundancyV4 struct {
	Group    label `json:"group"`
	Priority label `json:"priority"`
}

func (p *portV4) port() Port {
	lag := p.LAGEnabled
	if !lag.set {
		lag = p.LAG.Enabled
	}
	links := p.links()
	return Port{
		UUID: uuid(p.UUID), Name: string(p.Name), State: string(p.State),
		OperationalStatus: string(p.Operation.OperationalStatus),
		MaintenanceStatus: string(p.Operation.MaintenanceStatus),
		Capacity:          p.capacity(len(links)),
		Allocated:         p.UsedBandwidth.times(mbit),
		Available:         p.AvailableBandwidth.times(mbit),
		Links:             links,
		RepeatedLinks:     len(p.PhysicalPorts) - len(links),
		MetroCode:         string(p.Location.MetroCode), MetroName: string(p.Location.MetroName),
		Region:             string(p.Location.Region),
		IBX:                string(cmp.Or(p.Location.IBX, p.DemarcationPointIBX)),
		Encapsulation:      string(p.Encapsulation.Type),
		Package:            string(p.Package.Code),
		Speed:              p.PhysicalPortsSpeed.speed(),
		RedundancyPriority: string(p.Redundancy.Priority),
		RedundancyGroup:    uuid(p.Redundancy.Group),
		LAG:                lag.pointer(),
		ProjectID:          string(p.Project.ProjectID),
	}
}

// capacity is the line rate: as stated, else what is sold and what is left of
// it, else what the physical ports, of which so many are listed, add up to.
func (p *portV4) capacity(listed int) *float64 {
	if c := positive(p.Bandwidth.times(mbit)); c != nil {
		return c
	}
	if available, used := p.AvailableBandwidth.times(mbit), p.UsedBandwidth.times(mbit); available != nil && used != nil {
		if c := positive(new(*available + *used)); c != nil {
			return c
		}
	}
	links := max(p.PhysicalPortsCount.value, p.PhysicalPortQuantity.value, float64(listed), 1)
	return positive(p.PhysicalPortsSpeed.times(mbit * links))
}

// links are the physical ports, each once: of one that is listed twice the first
// entry counts. One without a uuid cannot be told apart and counts as itself.
func (p *portV4) links() []Link {
	var links []Link
	listed := make(map[string]bool, len(p.PhysicalPorts))
	for _, l := range p.PhysicalPorts {
		id := uuid(l.UUID)
		if id != "" && listed[id] {
			continue
		}
		listed[id] = true
		speed := positive(l.InterfaceSpeed.times(mbit))
		if speed == nil {
			speed = positive(p.PhysicalPortsSpeed.times(mbit))
		}
		links = append(links, Link{
			UUID: id, OperationalStatus: string(l.Operation.OperationalStatus), Speed: speed,
		})
	}
	return links
}
