package fabrictest

import (
	"cmp"
	"fmt"
	"slices"
)

// sideRequest is one end of a connection that is ordered.
type sideRequest struct {
	AccessPoint  *accessPointRequest `json:"accessPoint"`
	ServiceToken *refRequest         `json:"serviceToken"`
}

type accessPointRequest struct {
	Type              string            `json:"type"`
	Port              *refRequest       `json:"port"`
	VirtualDevice     *refRequest       `json:"virtualDevice"`
	Router            *refRequest       `json:"router"`
	Network           *refRequest       `json:"network"`
	Profile           *refRequest       `json:"profile"`
	LinkProtocol      *linkProtocolDoc  `json:"linkProtocol"`
	Location          *metroCodeRequest `json:"location"`
	AuthenticationKey string            `json:"authenticationKey"`
}

type refRequest struct {
	UUID string `json:"uuid"`
}

type metroCodeRequest struct {
	MetroCode string `json:"metroCode"`
}

const maxVLAN = 4094

// side is the end of a connection that is asked for under path.
func (r *roster) side(path string, q *sideRequest) (Side, []propertyFlaw) {
	switch {
	case q.ServiceToken != nil:
		return Side{}, []propertyFlaw{{path + "/serviceToken/uuid", "No such service token"}}
	case q.AccessPoint == nil:
		return Side{}, []propertyFlaw{{path + "/accessPoint", "Required field"}}
	}
	path += "/accessPoint"
	ap := q.AccessPoint
	s := Side{Type: ap.Type}
	if ap.Location != nil {
		s.Metro = ap.Location.MetroCode
	}
	switch ap.Type {
	case "COLO":
		return r.portSide(path, ap, s)
	case "SP":
		return profileSide(path, ap, s)
	case "VD", "CLOUD_ROUTER", "NETWORK":
		ref := cmp.Or(ap.VirtualDevice, ap.Router, ap.Network)
		if ref == nil || ref.UUID == "" {
			return s, []propertyFlaw{{path, "A virtual device, a router or a network is required"}}
		}
		s.UUID = ref.UUID
		return s, nil
	case "":
		return s, []propertyFlaw{{path + "/type", "Required field"}}
	default:
		return s, []propertyFlaw{{path + "/type", fmt.Sprintf("Unexpected value %q", ap.Type)}}
	}
}

func (r *roster) portSide(path string, ap *accessPointRequest, s Side) (Side, []propertyFlaw) {
	if ap.Port == nil || ap.Port.UUID == "" {
		return s, []propertyFlaw{{path + "/port/uuid", "Required field"}}
	}
	p := r.byUUID[ap.Port.UUID]
	if p == nil {
		return s, []propertyFlaw{{path + "/port/uuid", "No such port"}}
	}
	s.Port, s.Name, s.Metro = p.UUID, p.Name, p.Metro
	flaws := s.tag(path+"/linkProtocol", ap.LinkProtocol)
	return s, flaws
}

func profileSide(path string, ap *accessPointRequest, s Side) (Side, []propertyFlaw) {
	if ap.Profile == nil || ap.Profile.UUID == "" {
		return s, []propertyFlaw{{path + "/profile/uuid", "Required field"}}
	}
	p := profileWith(ap.Profile.UUID)
	if p == nil {
		return s, []propertyFlaw{{path + "/profile/uuid", "No such service profile"}}
	}
	s.Profile, s.Key = p.name, ap.AuthenticationKey
	var flaws []propertyFlaw
	if !slices.ContainsFunc(metros, func(m metro) bool { return m.code == s.Metro }) {
		flaws = append(flaws, propertyFlaw{path + "/location/metroCode", "Must be a metro of the service profile"})
	}
	if p.key != nil && !p.key.MatchString(s.Key) {
		flaws = append(flaws, propertyFlaw{path + "/authenticationKey", "Must be a " + p.keyLabel})
	}
	return s, flaws
}

// tag gives the side its VLANs.
func (s *Side) tag(path string, lp *linkProtocolDoc) []propertyFlaw {
	if lp == nil {
		return []propertyFlaw{{path, "Required field"}}
	}
	vlan := func(name string, tag *int) []propertyFlaw {
		if tag == nil || *tag < 1 || *tag > maxVLAN {
			return []propertyFlaw{{path + "/" + name, fmt.Sprintf("Number must be between 1 and %d", maxVLAN)}}
		}
		return nil
	}
	var flaws []propertyFlaw
	switch lp.Type {
	case "UNTAGGED":
	case "DOT1Q":
		if flaws = vlan("vlanTag", lp.VLANTag); flaws == nil {
			s.VLAN = *lp.VLANTag
		}
	case "QINQ":
		flaws = append(vlan("vlanSTag", lp.VLANSTag), vlan("vlanCTag", lp.VLANCTag)...)
		if flaws == nil {
			s.VLAN, s.Inner = *lp.VLANSTag, *lp.VLANCTag
		}
	default:
		flaws = []propertyFlaw{{path + "/type", fmt.Sprintf("Unexpected value %q", lp.Type)}}
	}
	return flaws
}

// protocol is the kind of tags that the side has.
func (s *Side) protocol() string {
	if s.Inner != 0 {
		return "QINQ"
	}
	return "DOT1Q"
}

// key is the authorization key of the side, which a client must not let out.
func (s *Side) key() string { return cmp.Or(s.Key, "not-for-your-eyes") }
