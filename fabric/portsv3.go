package fabric

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
)

// UserPortsV3 lists the ports that the credential may see, with one call of the
// v3 API. It yields the whole list, or only an error.
func (c *Client) UserPortsV3(ctx context.Context) iter.Seq2[Port, error] {
	return sequence(func() ([]Port, error) {
		return get(ctx, c, OpUserPortsV3, "/ecx/v3/port/userport", func(b []byte) ([]Port, error) {
			var raw []json.RawMessage // the answer is a bare array, without pages
			if err := decode(b, &raw); err != nil {
				return nil, err
			}
			if raw == nil {
				return nil, &DecodeError{Err: errMissing}
			}
			return decodeRecords(c, OpUserPortsV3, "", 0, raw, (*portV3).port)
		})
	})
}

// portV3 is a port as the v3 API sends it. Its bandwidths are bit/s, although
// the published description says bytes. Its deviceGroup is a small number of
// the device, not a redundancy group.
type portV3 struct {
	UUID            label  `json:"uuid"`
	Name            label  `json:"name"`
	ProvisionStatus label  `json:"provisionStatus"`
	TotalBandwidth  amount `json:"totalBandwidth"`
	Region          label  `json:"region"`
	IBX             label  `json:"ibx"`
	MetroCode       label  `json:"metroCode"`
	MetroName       label  `json:"metroDescription"`
	DevicePriority  label  `json:"devicePriority"`
	Encapsulation   label  `json:"encapsulation"`
	ProjectID       label  `json:"projectId"`
	LAG             flag   `json:"lag"`
	Buyout          flag   `json:"buyout"`
	HasConnections  flag   `json:"hasConnection"`
	ViewConnections flag   `json:"viewPortPermission"`
	UserPorts       []struct {
		Bandwidth       amount `json:"bandwidth"`
		ProvisionStatus label  `json:"portProvisionStatus"`
	} `json:"userPorts"`
}

func (p *portV3) port() Port {
	out := Port{
		UUID: uuid(p.UUID), Name: string(p.Name), State: string(p.ProvisionStatus),
		Capacity:  positive(p.TotalBandwidth.times(bit)),
		MetroCode: string(p.MetroCode), MetroName: string(p.MetroName),
		Region: string(p.Region), IBX: string(p.IBX),
		Encapsulation:      string(p.Encapsulation),
		RedundancyPriority: tidy(strings.ToUpper(string(p.DevicePriority))), // as the v4 API spells it
		LAG:                p.LAG.pointer(),
		ProjectID:          string(p.ProjectID),
	}
	if p.Buyout.set { // as the v4 API calls the packages
		out.Package = map[bool]string{false: "STANDARD", true: "UNLIMITED"}[p.Buyout.value]
	}
	out.HasConnections = p.HasConnections.value
	out.ConnectionsHidden = p.ViewConnections.set && !p.ViewConnections.value
	for _, u := range p.UserPorts {
		if out.State == "" {
			out.State = string(u.ProvisionStatus)
		}
		// The members are not made Links: v3 does not say whether they are up.
		if speed := positive(u.Bandwidth.times(bit)); speed != nil && out.Speed == "" {
			out.Speed = number{value: *speed / mbit, set: true}.String()
		}
	}
	return out
}
