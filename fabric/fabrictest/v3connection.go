package fabrictest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// buyerPageDoc is a page of v3, which counts pages from 0 and total items.
type buyerPageDoc struct {
	IsFirstPage bool                 `json:"isFirstPage"`
	IsLastPage  bool                 `json:"isLastPage"`
	TotalCount  int                  `json:"totalCount"`
	PageSize    int                  `json:"pageSize"`
	PageNumber  int                  `json:"pageNumber"`
	Content     []buyerConnectionDoc `json:"content"`
}

// buyerConnectionDoc is a connection as v3 shows it, people's addresses included.
type buyerConnectionDoc struct {
	UUID             string   `json:"uuid"`
	Name             string   `json:"name"`
	BuyerName        string   `json:"buyerOrganizationName"`
	VLAN             int      `json:"vlanSTag"`
	PortUUID         string   `json:"portUUID"`
	PortName         string   `json:"portName"`
	Encapsulation    string   `json:"asideEncapsulation"`
	MetroCode        string   `json:"metroCode"`
	MetroName        string   `json:"metroDescription"`
	ProviderStatus   string   `json:"providerStatus"`
	Status           string   `json:"status"`
	BillingTier      string   `json:"billingTier"`
	AuthorizationKey string   `json:"authorizationKey,omitempty"`
	Speed            int64    `json:"speed"`
	SpeedUnit        string   `json:"speedUnit"`
	RedundancyType   *string  `json:"redundancyType"`
	RedundancyGroup  *string  `json:"redundancyGroup"`
	SellerMetroCode  string   `json:"sellerMetroCode"`
	SellerMetroName  string   `json:"sellerMetroDescription"`
	SellerService    string   `json:"sellerServiceName,omitempty"`
	SellerServiceID  string   `json:"sellerServiceUUID,omitempty"`
	Notifications    []string `json:"notifications"`
	CreatedDate      string   `json:"createdDate"`
	CreatedBy        string   `json:"createdBy"`
	CreatedByEmail   string   `json:"createdByEmail"`
	UpdatedDate      string   `json:"lastUpdatedDate"`
	ZSidePortName    string   `json:"zSidePortName"`
	ZSidePortUUID    string   `json:"zSidePortUUID"`
	ZSideVLAN        int      `json:"zSideVlanSTag"`
	Remote           bool     `json:"remote"`
	Private          bool     `json:"private"`
	Self             bool     `json:"self"`
}

const (
	defaultBuyerPage = 20
	maxBuyerPage     = 1000
)

// buyerConnections answers with the connections that the account ordered.
func (a *API) buyerConnections(c *call) reply {
	query := c.http.URL.Query()
	number, err := strconv.Atoi(cmp.Or(query.Get("pageNumber"), "0"))
	if err != nil || number < 0 {
		return v3Invalid("pageNumber")
	}
	size, err := strconv.Atoi(cmp.Or(query.Get("pageSize"), strconv.Itoa(defaultBuyerPage)))
	if err != nil || size < 1 || size > maxBuyerPage {
		return v3Invalid("pageSize")
	}
	statuses := strings.FieldsFunc(strings.Join(query["status"], ","), func(r rune) bool { return r == ',' })
	cs := slices.DeleteFunc(slices.Clone(a.roster.Load().fleet.Connections), func(c Connection) bool {
		return c.Direction == "INCOMING" || len(statuses) > 0 && !slices.Contains(statuses, c.EquinixStatus) ||
			otherThan(query["metroCode"], c.ZSide.Metro) ||
			otherThan(query["buyerPortUUID"], c.ASide.Port) || otherThan(query["buyerPortName"], c.ASide.Name)
	})
	total := max(len(cs)+c.fault.TotalDelta, 0)
	from := min(number, len(cs)/size+1) * size
	if c.fault.RepeatPages {
		from = 0
	}
	doc := buyerPageDoc{
		IsFirstPage: number == 0, IsLastPage: (number+1)*size >= total, TotalCount: total,
		PageSize: size, PageNumber: number, Content: []buyerConnectionDoc{},
	}
	for i := min(from, len(cs)); i < min(from+size, len(cs)); i++ {
		doc.Content = append(doc.Content, newBuyerConnectionDoc(&cs[i]))
	}
	return jsonReply(doc)
}

// otherThan reports whether a parameter is given and none of its values is s.
func otherThan(values []string, s string) bool { return len(values) > 0 && !slices.Contains(values, s) }

func v3Invalid(property string) reply {
	return v3Errors(http.StatusBadRequest, v3Error{
		Code: "IC-LAYER2-400", Message: "Invalid value", MessageKey: "common.request.invalid", Property: property,
	})
}

func newBuyerConnectionDoc(c *Connection) buyerConnectionDoc {
	doc := buyerConnectionDoc{
		UUID: c.UUID, Name: c.Name, BuyerName: "Example Networks", VLAN: c.ASide.VLAN,
		PortUUID: c.ASide.Port, PortName: c.ASide.Name, Encapsulation: strings.ToLower(c.ASide.protocol()),
		MetroCode: c.ASide.Metro, MetroName: metroOf(c.ASide.Metro).name,
		ProviderStatus: c.ProviderStatus, Status: c.EquinixStatus, BillingTier: billingTier(c.Bandwidth),
		Speed: c.Bandwidth, SpeedUnit: "MB",
		SellerMetroCode: c.ZSide.Metro, SellerMetroName: metroOf(c.ZSide.Metro).name,
		Notifications: c.emails(), CreatedDate: v4Time(c.Created), CreatedBy: "jdoe", CreatedByEmail: "jdoe@example.com",
		UpdatedDate: v4Time(c.Updated), ZSidePortName: c.ZSide.Name, ZSidePortUUID: c.ZSide.Port, ZSideVLAN: c.ZSide.VLAN,
		Remote: c.Remote, Self: c.Direction == "INTERNAL",
	}
	if c.Bandwidth >= 1_000 && c.Bandwidth%1_000 == 0 {
		doc.Speed, doc.SpeedUnit = c.Bandwidth/1_000, "GB"
	}
	if c.Group != "" {
		doc.RedundancyType, doc.RedundancyGroup = new(strings.ToLower(c.Priority)), &c.Group
	}
	if c.ZSide.Profile != "" {
		doc.AuthorizationKey, doc.SellerService = c.ZSide.key(), c.ZSide.Profile
		if p := profileNamed(c.ZSide.Profile); p != nil {
			doc.SellerServiceID = p.uuid
		}
	}
	return doc
}
