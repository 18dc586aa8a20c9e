package fabrictest

import "time"

// connectionDoc is a connection as v4 shows it, e-mail addresses included: a
// client must not let them out.
type connectionDoc struct {
	Type          string                  `json:"type"`
	Href          string                  `json:"href"`
	UUID          string                  `json:"uuid"`
	Name          string                  `json:"name"`
	State         string                  `json:"state"`
	Operation     *connectionOperationDoc `json:"operation"`
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
}

type connectionOperationDoc struct {
	ProviderStatus string `json:"providerStatus"`
	EquinixStatus  string `json:"equinixStatus"`
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
	Type string `json:"type"`
	Name string `json:"name"`
}

type linkProtocolDoc struct {
	Type    string `json:"type"`
	VLANTag int    `json:"vlanTag"`
}

func newConnectionDoc(c *Connection) connectionDoc {
	updated := v4Time(c.Updated)
	doc := connectionDoc{
		Type: c.Type, Href: hrefConnections + c.UUID, UUID: c.UUID, Name: c.Name, State: c.State,
		Notifications: []notificationDoc{{Type: "ALL", Emails: []string{"noc@example.com", "jdoe@example.com"}}},
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
	doc.Operation = &connectionOperationDoc{ProviderStatus: c.ProviderStatus, EquinixStatus: c.EquinixStatus}
	doc.Order = &orderDoc{PurchaseOrderNumber: "PO-1001", BillingTier: "Up to 1 Gbps"}
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
		ap.AuthenticationKey = new("not-for-your-eyes")
	}
	if s.VLAN != 0 {
		ap.LinkProtocol = &linkProtocolDoc{Type: "DOT1Q", VLANTag: s.VLAN}
	}
	return sideDoc{ap}
}

func v4Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
