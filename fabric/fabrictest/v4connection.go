package fabrictest

import (
	"cmp"
	"strconv"
	"time"
)

// connectionDoc is a connection as v4 shows it, e-mail addresses included: a
// client must not let them out.
type connectionDoc struct {
	Type          string                  `json:"type"`
	Href          string                  `json:"href"`
	UUID          string                  `json:"uuid"`
	Name          string                  `json:"name"`
	State         string                  `json:"state"`
	Operation     *connectionOperationDoc `json:"operation"`
	Change        *changeDoc              `json:"change,omitempty"`
	Order         *orderDoc               `json:"order"`
	Notifications []notificationDoc       `json:"notifications"`
	Account       accountDoc              `json:"account"`
	ChangeLog     changeLogDoc            `json:"changeLog"`
	Bandwidth     *int64                  `json:"bandwidth"`
	Redundancy    *redundancyDoc          `json:"redundancy"`
	IsRemote      bool                    `json:"isRemote"`
	Direction     string                  `json:"direction"`
	ASide         sideDoc                 `json:"aSide"`
	ZSide         sideDoc                 `json:"zSide"`
	Project       *projectDoc             `json:"project"`

	AdditionalInfo []additionalInfoDoc `json:"additionalInfo,omitempty"`
}

type connectionOperationDoc struct {
	ProviderStatus    string `json:"providerStatus"`
	EquinixStatus     string `json:"equinixStatus"`
	OperationalStatus string `json:"operationalStatus,omitempty"`
	MaintenanceStatus string `json:"maintenanceStatus,omitempty"`
}

// additionalInfoDoc is something that the far end wants to know, secrets
// included.
type additionalInfoDoc struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type orderDoc struct {
	PurchaseOrderNumber string `json:"purchaseOrderNumber"`
	BillingTier         string `json:"billingTier"`
}

type notificationDoc struct {
	Type   string   `json:"type"`
	Emails []string `json:"emails"`
}

type sideDoc struct {
	AccessPoint accessPointDoc `json:"accessPoint"`
}

type accessPointDoc struct {
	Type              string           `json:"type"`
	Location          locationDoc      `json:"location"`
	Port              *portRefDoc      `json:"port"`
	Profile           *profileDoc      `json:"profile,omitempty"`
	LinkProtocol      *linkProtocolDoc `json:"linkProtocol"`
	AuthenticationKey *string          `json:"authenticationKey,omitempty"`
}

type portRefDoc struct {
	Href string `json:"href"`
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

type profileDoc struct {
	Href string `json:"href,omitempty"`
	Type string `json:"type"`
	UUID string `json:"uuid,omitempty"`
	Name string `json:"name"`
}

// changeDoc is the last change that was asked for.
type changeDoc struct {
	Type            string          `json:"type"`
	Status          string          `json:"status"`
	CreatedDateTime string          `json:"createdDateTime"`
	UpdatedDateTime string          `json:"updatedDateTime"`
	Data            *changedDataDoc `json:"data,omitempty"`
}

type changedDataDoc struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value int64  `json:"value"`
}

type linkProtocolDoc struct {
	Type     string `json:"type"`
	VLANTag  *int   `json:"vlanTag,omitempty"`
	VLANSTag *int   `json:"vlanSTag,omitempty"`
	VLANCTag *int   `json:"vlanCTag,omitempty"`
}

func newConnectionDoc(c *Connection) connectionDoc {
	updated := v4Time(c.Updated)
	doc := connectionDoc{
		Type: c.Type, Href: hrefConnections + c.UUID, UUID: c.UUID, Name: c.Name, State: c.State,
		Notifications: []notificationDoc{{Type: "ALL", Emails: c.emails()}},
		Account:       newAccountDoc(c.AccountNumber, c.OrgID, c.Stringly),
		ChangeLog: changeLogDoc{
			CreatedBy: "jdoe", CreatedByEmail: "jdoe@example.com",
			CreatedDateTime: v4Time(c.Created), UpdatedDateTime: &updated,
		},
		IsRemote: c.Remote, Direction: c.Direction, ASide: newSideDoc(c.ASide), ZSide: newSideDoc(c.ZSide),
	}
	if c.Sparse {
		return doc
	}
	doc.Change = newChangeDoc(c.Change)
	doc.Operation = &connectionOperationDoc{
		ProviderStatus: c.ProviderStatus, EquinixStatus: c.EquinixStatus, OperationalStatus: c.OperationalStatus(),
		MaintenanceStatus: c.Maintenance,
	}
	if c.ZSide.Profile != "" {
		doc.AdditionalInfo = []additionalInfoDoc{{"accessKey", c.ZSide.key()}}
	}
	doc.Order = &orderDoc{PurchaseOrderNumber: cmp.Or(c.PurchaseOrder, "PO-1001"), BillingTier: billingTier(c.Bandwidth)}
	doc.Bandwidth = &c.Bandwidth
	doc.Project = &projectDoc{c.ProjectID}
	if c.Group != "" {
		doc.Redundancy = &redundancyDoc{Group: &c.Group, Priority: c.Priority}
	}
	return doc
}

func newSideDoc(s Side) sideDoc {
	ap := accessPointDoc{Type: s.Type, Location: newLocationDoc(s.Metro, nil)}
	if s.Port != "" {
		ap.Port = &portRefDoc{Href: hrefPorts + s.Port, UUID: s.Port, Name: s.Name}
	}
	if s.Profile != "" {
		ap.Profile = &profileDoc{Type: "L2_PROFILE", Name: s.Profile}
		if p := profileNamed(s.Profile); p != nil {
			ap.Profile.Href, ap.Profile.UUID = hrefProfiles+p.uuid, p.uuid
		}
		ap.AuthenticationKey = new(s.key())
	}
	switch {
	case s.Inner != 0:
		ap.LinkProtocol = &linkProtocolDoc{Type: s.protocol(), VLANSTag: &s.VLAN, VLANCTag: &s.Inner}
	case s.VLAN != 0:
		ap.LinkProtocol = &linkProtocolDoc{Type: s.protocol(), VLANTag: &s.VLAN}
	}
	return sideDoc{ap}
}

func newChangeDoc(c Change) *changeDoc {
	if c.Type == "" {
		return nil
	}
	doc := &changeDoc{
		Type: c.Type, Status: c.Status, CreatedDateTime: v4Time(c.Requested), UpdatedDateTime: v4Time(c.Updated),
	}
	if c.Bandwidth != 0 {
		doc.Data = &changedDataDoc{"replace", "/bandwidth", c.Bandwidth}
	}
	return doc
}

// emails are the people who are notified of the connection.
func (c *Connection) emails() []string {
	if c.Emails == nil {
		return []string{"noc@example.com", "jdoe@example.com"}
	}
	return c.Emails
}

// billingTier is what a bandwidth in Mbit/s is billed as.
func billingTier(mbps int64) string {
	if mbps < 1_000 {
		return "Up to " + strconv.FormatInt(mbps, 10) + " Mbps"
	}
	return "Up to " + strconv.FormatInt(mbps/1_000, 10) + " Gbps"
}

func v4Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
