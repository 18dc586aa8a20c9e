package fabrictest

import (
	"fmt"
	"slices"
	"strconv"
)

type validationDoc struct {
	AdditionalInfo []keyValueDoc   `json:"additionalInfo"`
	Data           []validationRow `json:"data"`
}

type keyValueDoc struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// validationRow is what the provider would give for the key.
type validationRow struct {
	Bandwidth  int64         `json:"bandwidth"`
	Redundancy redundancyDoc `json:"redundancy"`
	ZSide      sideDoc       `json:"zSide"`
}

const (
	portProperty    = "/aSide/accessPoint/port/uuid"
	vlanProperty    = "/aSide/accessPoint/linkProtocol/vlanTag"
	keyProperty     = "/zSide/accessPoint/authenticationKey"
	profileProperty = "/zSide/accessPoint/profile/uuid"
	regionProperty  = "/zSide/accessPoint/sellerRegion"
)

// validateConnection says whether a provider would take an authorization key, or
// whether a VLAN of a port is free.
func (a *API) validateConnection(c *call) reply {
	req, refusal := a.decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	given := map[string]string{}
	for i, f := range req.Filter.And {
		path := fmt.Sprintf("filter.and.[%d]", i)
		switch {
		case !slices.Contains([]string{portProperty, vlanProperty, keyProperty, profileProperty, regionProperty}, f.Property):
			return badJSON("Unknown json property", path+".property", fmt.Sprintf("Unexpected value %q", f.Property))
		case f.Operator != "=" || len(f.Values) != 1:
			return badJSON("Unknown json property", path+".operator", "One equal value expected")
		}
		given[f.Property] = f.Values[0]
	}
	if given[vlanProperty] != "" {
		return a.validateVLAN(given[portProperty], given[vlanProperty])
	}
	p := profileWith(given[profileProperty])
	switch {
	case p == nil:
		return invalid("Invalid filter", propertyFlaw{profileProperty, "No such service profile"})
	case given[keyProperty] == "", p.key != nil && !p.key.MatchString(given[keyProperty]):
		return invalid("Authorization key provided is invalid", propertyFlaw{keyProperty, "Not a key of " + p.name})
	}
	doc := validationDoc{AdditionalInfo: []keyValueDoc{{"message", "Authorization key provided is valid"}}}
	for i, priority := range []string{PriorityPrimary, PrioritySecondary} {
		side := Side{
			Type: "COLO", Port: newUUID(a.opts.Seed, "provider port", i), Name: "PROVIDER-NNI-" + priority,
			VLAN: 1_003, Inner: 1, Metro: metros[0].code,
		}
		doc.Data = append(doc.Data, validationRow{500, redundancyDoc{Priority: priority}, newSideDoc(side)})
	}
	return jsonReply(doc)
}

// validateVLAN refuses a VLAN that a connection of the port has.
func (a *API) validateVLAN(port, vlan string) reply {
	r := a.roster.Load()
	if r.byUUID[port] == nil {
		return invalid("Invalid filter", propertyFlaw{portProperty, "No such port"})
	}
	for _, c := range r.fleet.Connections {
		for _, s := range []Side{c.ASide, c.ZSide} {
			if s.Port == port && !c.gone() && strconv.Itoa(s.VLAN) == vlan {
				return invalid("VLAN is in use", propertyFlaw{vlanProperty, "Used by connection " + c.UUID})
			}
		}
	}
	return jsonReply(validationDoc{AdditionalInfo: []keyValueDoc{{"message", "VLAN is available"}}, Data: []validationRow{}})
}
