package fabric

import (
	"cmp"
	"encoding/json"
	"strings"
)

// connectionV4 is a connection as the v4 API sends it. Every field is optional.
type connectionV4 struct {
	UUID      label  `json:"uuid"`
	Name      label  `json:"name"`
	Type      label  `json:"type"`
	State     label  `json:"state"`
	Direction label  `json:"direction"`
	Bandwidth amount `json:"bandwidth"` // Mbit/s
	Operation struct {
		OperationalStatus label `json:"operationalStatus"`
		EquinixStatus     label `json:"equinixStatus"`
		ProviderStatus    label `json:"providerStatus"`
		MaintenanceStatus label `json:"maintenanceStatus"`
	} `json:"operation"`
	Redundancy redundancyV4 `json:"redundancy"`
	ASide      sideV4       `json:"aSide"`
	ZSide      sideV4       `json:"zSide"`
}

type sideV4 struct {
	AccessPoint    accessPointV4 `json:"accessPoint"`
	ServiceToken   named         `json:"serviceToken"`
	InternetAccess named         `json:"internetAccess"`
}

type accessPointV4 struct {
	Type label `json:"type"`
	Name label `json:"name"`
	UUID label `json:"uuid"`
	Port struct {
		UUID label `json:"uuid"`
		Name label `json:"name"`
	} `json:"port"`
	Location struct {
		MetroCode label `json:"metroCode"`
	} `json:"location"`

	Profile         named `json:"profile"`
	Router          named `json:"router"`
	VirtualDevice   named `json:"virtualDevice"`
	Network         named `json:"network"`
	Interconnect    named `json:"interconnect"`
	Interconnection named `json:"interconnection"`
	VirtualNetwork  named `json:"virtualNetwork"`
	VLAN            vlan  `json:"linkProtocol"`
}

// named is an object that people know by its name, else by its UUID. Both are ""
// where they cannot be read: connections are counted whatever their ends are called.
type named struct{ name, uuid label }

func (l *named) UnmarshalJSON(b []byte) error {
	var body struct {
		Name label `json:"name"`
		UUID label `json:"uuid"`
	}
	if json.Unmarshal(b, &body) == nil {
		*l = named{body.Name, body.UUID}
	}
	return nil
}

// vlan is the tag of a link, "101", the range of its tags, "100-199", or both
// tags of a QINQ link, outer and inner, "101.7". It is "" for an untagged link
// and, like a name, where it cannot be read.
type vlan string

func (v *vlan) UnmarshalJSON(b []byte) error {
	var link struct {
		Tag      text `json:"vlanTag"`
		TagMin   text `json:"vlanTagMin"`
		TagMax   text `json:"vlanTagMax"`
		Outer    text `json:"vlanSTag"`
		Inner    text `json:"vlanCTag"`
		InnerMin text `json:"vlanCTagMin"`
		InnerMax text `json:"vlanCTagMax"`
	}
	if json.Unmarshal(b, &link) != nil {
		return nil
	}
	outer := cmp.Or(link.Tag, link.Outer, span(link.TagMin, link.TagMax))
	inner := cmp.Or(link.Inner, span(link.InnerMin, link.InnerMax))
	*v = vlan(tidy(strings.Trim(string(outer+"."+inner), ".")))
	return nil
}

func span(first, last text) text {
	if first == last {
		return first
	}
	return text(strings.Trim(string(first+"-"+last), "-"))
}

func (c *connectionV4) connection() Connection {
	return Connection{
		UUID: uuid(c.UUID), Name: string(c.Name), Type: string(c.Type),
		State: string(c.State), Direction: string(c.Direction),
		OperationalStatus:  string(c.Operation.OperationalStatus),
		EquinixStatus:      string(c.Operation.EquinixStatus),
		ProviderStatus:     string(c.Operation.ProviderStatus),
		MaintenanceStatus:  string(c.Operation.MaintenanceStatus),
		Bandwidth:          c.Bandwidth.times(mbit),
		RedundancyGroup:    strings.ToLower(string(c.Redundancy.Group)),
		RedundancyPriority: string(c.Redundancy.Priority),
		ASidePort:          uuid(c.ASide.AccessPoint.Port.UUID),
		ZSidePort:          uuid(c.ZSide.AccessPoint.Port.UUID),
		ASide:              c.ASide.side(),
		ZSide:              c.ZSide.side(),
	}
}

// side is what there is at one end. The first object with a name gives it the name,
// else the first with a UUID, else it is called by its kind. The UUID of a service
// token is not shown: who knows it can connect with it.
func (s *sideV4) side() Side {
	p := &s.AccessPoint
	var name, id label
	for _, o := range []named{
		p.Profile, p.Router, p.VirtualDevice, p.Network, p.Interconnect, p.Interconnection, p.VirtualNetwork,
		{p.Port.Name, p.Port.UUID}, {p.Name, p.UUID}, {name: s.ServiceToken.name}, s.InternetAccess,
	} {
		name, id = cmp.Or(name, o.name), cmp.Or(id, o.uuid)
	}
	return Side{
		Type: string(p.Type), Name: string(cmp.Or(name, id, p.Type)),
		Metro: string(p.Location.MetroCode), VLAN: string(p.VLAN),
	}
}
