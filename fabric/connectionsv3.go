package fabric

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// BuyerConnectionsV3 lists every connection that the account has ordered, on ports or not,
// through the v3 API. Connections that others have ordered to ports of the account are not
// in it. It yields the whole list, or only an error. A connection that the API lists twice
// is yielded twice.
func (c *Client) BuyerConnectionsV3(ctx context.Context) iter.Seq2[Connection, error] {
	return sequence(func() ([]Connection, error) {
		number := 0 // pages count from 0
		return list(OpBuyerConnectionsV3, false, func(offset int) (page[Connection], error) {
			path := fmt.Sprintf("/ecx/v3/l2/buyer/connections?pageNumber=%d&pageSize=%d", number, pageSize)
			number++
			return get(ctx, c, OpBuyerConnectionsV3, path, func(b []byte) (page[Connection], error) {
				return decodePageV3(c, offset, b)
			})
		})
	})
}

// decodePageV3 decodes the page of connections that begins at offset. The published
// description calls totalCount the number of items in the answer; the samples have the
// number of items of all pages there.
func decodePageV3(c *Client, offset int, b []byte) (page[Connection], error) {
	var body struct {
		Last    flag              `json:"isLastPage"`
		Total   number            `json:"totalCount"`
		Size    amount            `json:"pageSize"`
		Content []json.RawMessage `json:"content"`
	}
	if err := decode(b, &body); err != nil {
		return page[Connection]{}, err
	}
	if body.Content == nil {
		return page[Connection]{}, &DecodeError{Path: "content", Err: errMissing}
	}
	items, err := decodeRecords(c, OpBuyerConnectionsV3, "content", offset, body.Content, (*connectionV3).connection)
	p := page[Connection]{
		items: items, records: len(body.Content), total: count(body.Total),
		limit: cmp.Or(count(body.Size.number), pageSize), next: body.Last.set && !body.Last.value,
	}
	if err == nil && p.next && p.total > 0 && p.last(offset+p.records) {
		err = &DecodeError{Path: "isLastPage", Err: errors.New("listing is inconsistent: false on the page that completes totalCount")}
	}
	return p, err
}

// connectionV3 is a connection as the v3 API sends it. Every field is optional. It says
// nothing of type, operational status and maintenance.
type connectionV3 struct {
	UUID           label  `json:"uuid"`
	Name           label  `json:"name"`
	Status         label  `json:"status"`
	ProviderStatus label  `json:"providerStatus"`
	Speed          amount `json:"speed"`
	SpeedUnit      label  `json:"speedUnit"`

	RedundancyGroup label `json:"redundancyGroup"`
	RedundancyType  label `json:"redundancyType"` // primary or secondary

	PortUUID      label `json:"portUUID"`
	PortName      label `json:"portName"`
	MetroCode     label `json:"metroCode"`
	VLANSTag      label `json:"vlanSTag"`
	VLANCTag      label `json:"vlanCTag"`          // not in the description; in published clients
	VirtualDevice label `json:"virtualDeviceUUID"` // likewise

	SellerServiceUUID  label `json:"sellerServiceUUID"`
	SellerServiceName  label `json:"sellerServiceName"`
	SellerOrganization label `json:"sellerOrganizationName"`
	SellerMetroCode    label `json:"sellerMetroCode"`
	ZSidePortUUID      label `json:"zSidePortUUID"`
	ZSidePortName      label `json:"zSidePortName"`
	ZSideVLANSTag      label `json:"zSideVlanSTag"`
	ZSideVLANCTag      label `json:"zSideVlanCTag"`

	Self flag `json:"self"` // both sides belong to the account
}

func (c *connectionV3) connection() Connection {
	out := Connection{
		UUID: uuid(c.UUID), Name: string(c.Name), State: c.state(), Direction: "OUTGOING",
		EquinixStatus: string(c.Status), ProviderStatus: string(c.ProviderStatus),
		Bandwidth:          c.bandwidth(),
		RedundancyGroup:    strings.ToLower(string(c.RedundancyGroup)),
		RedundancyPriority: tidy(strings.ToUpper(string(c.RedundancyType))), // as the v4 API spells it
		ASidePort:          uuid(c.PortUUID), ZSidePort: uuid(c.ZSidePortUUID), ZSideProfile: uuid(c.SellerServiceUUID),
		ASide: Side{
			Name: string(cmp.Or(c.PortName, c.PortUUID, c.VirtualDevice)), Metro: string(c.MetroCode),
			VLAN: vlanV3(c.VLANSTag, c.VLANCTag),
		},
		ZSide: Side{
			Name:  string(cmp.Or(c.SellerServiceName, c.ZSidePortName, c.SellerOrganization, c.SellerServiceUUID, c.ZSidePortUUID)),
			Metro: string(c.SellerMetroCode), VLAN: vlanV3(c.ZSideVLANSTag, c.ZSideVLANCTag),
		},
	}
	if c.Self.value {
		out.Direction = "INTERNAL"
	}
	// The types of access points that v4 has for what is there.
	switch {
	case out.ASidePort != "":
		out.ASide.Type = "COLO"
	case c.VirtualDevice != "":
		out.ASide.Type = "VD"
	}
	switch {
	case c.SellerServiceUUID != "" || c.SellerServiceName != "":
		out.ZSide.Type = "SP"
	case out.ZSidePort != "":
		out.ZSide.Type = "COLO"
	}
	return out
}

// state is the lifecycle state that v4 has for the status: another word only for a
// connection that waits for approval.
func (c *connectionV3) state() string {
	if c.Status == "PENDING_APPROVAL" {
		return "PENDING"
	}
	return string(c.Status)
}

// bandwidth is the speed in bit/s. Without a unit that is known it is nil: MB means
// Mbit/s, and GB Gbit/s.
func (c *connectionV3) bandwidth() *float64 {
	switch strings.ToUpper(string(c.SpeedUnit)) {
	case "MB", "MBPS":
		return c.Speed.times(mbit)
	case "GB", "GBPS":
		return c.Speed.times(1000 * mbit)
	}
	return nil
}

// vlanV3 is outer, or outer.inner for two tags. A tag of 0 is no tag.
func vlanV3(outer, inner label) string {
	tag := func(t label) string {
		if t == "0" {
			return ""
		}
		return string(t)
	}
	return tidy(strings.Trim(tag(outer)+"."+tag(inner), "."))
}
