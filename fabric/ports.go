package fabric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// Port is a port as the listing describes it. Strings are "" and pointers nil if the
// API does not say.
type Port struct {
	UUID  string // lower case
	Name  string
	State string // lifecycle state, e.g. ACTIVE (v4) or PROVISIONED (v3)

	// OperationalStatus is UP, DOWN or PARTIAL, from [Client.Port] only: listings
	// have only the status of the physical links.
	OperationalStatus string
	MaintenanceStatus string

	Capacity  *float64 // line rate, bit/s
	Allocated *float64 // bandwidth sold to connections, bit/s; not traffic
	Available *float64 // line rate not yet sold to connections, bit/s
	Links     []Link   // the physical ports, each once; several in a LAG

	RepeatedLinks int // entries that repeat a physical port; not in Links

	MetroCode, MetroName, Region, IBX string
	Encapsulation                     string
	Package                           string
	Speed                             string // of one physical link, in Mbit/s as the v4 API spells it, e.g. "10000"
	RedundancyPriority                string // PRIMARY or SECONDARY
	RedundancyGroup                   string // UUID of the primary port, lower case; a primary may have none
	LAG                               *bool
	ProjectID                         string

	// Product is equal for ports that have the same list price, and has no other meaning; "" if
	// that cannot be told.
	Product           string
	HasConnections    bool // ordered by whomever
	ConnectionsHidden bool // the user may not view them; from v3 only
}

func (p Port) id() string { return p.UUID }

// Link is one physical port of a port.
type Link struct {
	UUID              string
	OperationalStatus string   // UP or DOWN, "" if the API does not say
	Speed             *float64 // bit/s
}

const portsPath = "/fabric/v4/ports"

// Ports lists the ports that the credential may see. It yields the whole list, or
// only an error. A port that the API lists twice is yielded twice.
func (c *Client) Ports(ctx context.Context) iter.Seq2[Port, error] {
	return sequence(func() ([]Port, error) {
		// Neither parameter is documented for this call. A server that ignores them
		// sends everything at once.
		ports, err := list(OpPorts, false, func(offset int) (page[Port], error) {
			return c.portsPage(ctx, offset, fmt.Sprintf("%s?offset=%d&limit=%d", portsPath, offset, pageSize))
		})
		if !refusesPaging(err) {
			return ports, err
		}
		return list(OpPorts, false, func(offset int) (page[Port], error) {
			if offset > 0 {
				return page[Port]{}, &DecodeError{Op: OpPorts, Path: "pagination", Err: errors.New("listing has more pages, but offset and limit are refused")}
			}
			return c.portsPage(ctx, offset, portsPath)
		})
	})
}

func (c *Client) portsPage(ctx context.Context, offset int, path string) (page[Port], error) {
	return get(ctx, c, OpPorts, path, func(b []byte) (page[Port], error) {
		return decodePage(c, OpPorts, offset, b, (*portV4).port)
	})
}

// refusesPaging reports whether the API may have refused the parameters of a
// page. EQ-3046110 is another 400: the user has neither a project nor ports.
func refusesPaging(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == OpPorts && e.Status == http.StatusBadRequest && !e.Fault && !e.Quota && e.Code != "EQ-3046110"
}

// Port gets one port. Only this call returns the operational status of the port
// itself.
func (c *Client) Port(ctx context.Context, uuid string) (Port, error) {
	path, err := assetPath(OpPort, portsPath, uuid)
	if err != nil {
		return Port{}, err
	}
	return get(ctx, c, OpPort, path, func(b []byte) (Port, error) {
		var body portV4
		if err := decodeEntity(b, &body); err != nil {
			return Port{}, located("", err)
		}
		p := body.port()
		if p.UUID == "" {
			return Port{}, &DecodeError{Path: "uuid", Err: errNotUUID}
		}
		return p, nil
	})
}

// assetPath is the path of a port or connection below its collection.
func assetPath(op, collection, asset string) (string, error) {
	id := uuid(asset)
	if id == "" {
		return "", fmt.Errorf("%s: not a uuid", op)
	}
	return collection + "/" + id, nil
}

// portV4 is a port as the v4 API sends it. Every field is optional.
type portV4 struct {
	UUID  label `json:"uuid"`
	Name  label `json:"name"`
	State label `json:"state"`

	Operation struct {
		OperationalStatus label  `json:"operationalStatus"`
		MaintenanceStatus label  `json:"maintenanceStatus"`
		Connections       amount `json:"connectionCount"`
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

	// These are for Product alone.
	ServiceCode  label `json:"serviceCode"`
	ServiceType  label `json:"serviceType"`
	Connectivity label `json:"connectivitySourceType"`

	LAGEnabled flag `json:"lagEnabled"`
	LAG        struct {
		Enabled flag `json:"enabled"`
	} `json:"lag"` // deprecated

	// device.redundancy is left out: its group is a small number of the device, which
	// unrelated ports share.
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
	ibx := string(cmp.Or(p.Location.IBX, p.DemarcationPointIBX))
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
		IBX:                ibx,
		Encapsulation:      string(p.Encapsulation.Type),
		Package:            string(p.Package.Code),
		Speed:              p.PhysicalPortsSpeed.speed(),
		RedundancyPriority: string(p.Redundancy.Priority),
		RedundancyGroup:    uuid(p.Redundancy.Group),
		LAG:                lag.pointer(),
		ProjectID:          string(p.Project.ProjectID),
		Product:            p.product(ibx, len(links), lag.value),
		HasConnections:     p.Operation.Connections.value > 0,
	}
}

// product joins what the price of a port depends on; "" if the API says nothing of it. The
// currency depends on the place.
func (p *portV4) product(ibx string, links int, lag bool) string {
	speed := cmp.Or(p.Bandwidth.String(), p.PhysicalPortsSpeed.String())
	if ibx == "" || speed == "" {
		return ""
	}
	return strings.Join([]string{
		ibx, speed, p.PhysicalPortsSpeed.String(), strconv.Itoa(links), strconv.FormatBool(lag),
		string(p.Package.Code), string(p.ServiceCode), string(p.ServiceType), string(p.Connectivity), string(p.Project.ProjectID),
	}, " ")
}

// capacity is the line rate: the stated one, or else the used plus the available
// bandwidth, or else the speed of a physical port times their number.
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

// links are the physical ports, each once: if one is listed twice, its first
// entry counts. An entry without a uuid counts as another link.
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
