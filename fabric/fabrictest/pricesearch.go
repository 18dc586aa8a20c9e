package fabrictest

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Access points in properties, and forms of their values.
const (
	aPoint = "/connection/aSide/accessPoint/"
	zPoint = "/connection/zSide/accessPoint/"

	anything = ".+"
	boolean  = "true|false"
	digits   = "[1-9][0-9]{0,11}"
	ends     = "VD|SP|COLO|CLOUD_ROUTER|CHAINGROUP|NETWORK|METAL_NETWORK"
)

// priceProperties are the properties that name a product. A search for a port by its
// UUID, or for a connection by that of its port, needs nothing that the port says.
var priceProperties = map[string]struct {
	form     string
	required bool
}{
	"/type":                         {"VIRTUAL_(PORT|CONNECTION)_PRODUCT", true},
	"/account/accountNumber":        {digits, false},
	"/port/uuid":                    {anything, false},
	"/port/type":                    {"XF_PORT", true},
	"/port/location/ibx":            {"[A-Z]{2}[0-9]+", true},
	"/port/bandwidth":               {digits, true},
	"/port/package/code":            {"STANDARD|UNLIMITED|UNLIMITED_PLUS", false},
	"/port/settings/buyout":         {boolean, false},
	"/port/serviceType":             {"EPL|MSP", false},
	"/port/connectivitySource/type": {"COLO|BMMR|REMOTE", true},
	"/port/lag/enabled":             {boolean, false},
	"/connection/type":              {"(EVPL|EPL|EC|IP|VD_CHAIN|ACCESS_EPL|EVPLAN|EPLAN|IPWAN|EVPTREE|EPTREE|IA)_VC", true},
	"/connection/bandwidth":         {digits, true},
	aPoint + "type":                 {ends, true},
	aPoint + "port/uuid":            {anything, false},
	aPoint + "port/settings/buyout": {boolean, false},
	aPoint + "location/metroCode":   {"[A-Z]{2}", true},
	zPoint + "type":                 {ends, true},
	zPoint + "location/metroCode":   {"[A-Z]{2}", true},
	zPoint + "profile/uuid":         {anything, false}, // required if the type is SP
}

// product is the product with the given properties, or the refusal of a search for it.
// It adds to the properties what its port says.
func (s *state) product(given map[string]string) (product, *reply) {
	mine, other := "/port/", "/connection/"
	if given["/type"] == "VIRTUAL_CONNECTION_PRODUCT" {
		mine, other = other, mine
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		p, known := priceProperties[name]
		if !known || !regexp.MustCompile("^("+p.form+")$").MatchString(given[name]) {
			return product{}, badPrice(name, "has invalid format")
		}
		if strings.HasPrefix(name, other) { // a fault of the client, answered as one of the API
			return product{}, new(apiError(http.StatusInternalServerError, "EQ-3038030", "Internal Server Error",
				"details", "We couldn't process you request"))
		}
	}
	for _, name := range []string{"/port/uuid", aPoint + "port/uuid"} {
		if given[name] == "" {
			continue
		}
		p := s.ports[given[name]]
		if p == nil || p.Foreign {
			return product{}, badPrice(name, "does not exist")
		}
		given["/account/accountNumber"] = strconv.FormatInt(p.AccountNumber, 10)
		given[strings.TrimSuffix(name, "uuid")+"settings/buyout"] = strconv.FormatBool(p.Package != "STANDARD")
		if name != "/port/uuid" {
			given[aPoint+"location/metroCode"] = p.Metro
			continue
		}
		given["/port/type"], given["/port/connectivitySource/type"] = "XF_PORT", "COLO"
		given["/port/location/ibx"], given["/port/bandwidth"] = cmp.Or(p.IBX, p.Metro), strconv.FormatInt(p.Capacity(), 10)
		given["/port/lag/enabled"] = strconv.FormatBool(len(p.Links) > 1)
	}
	for _, name := range append([]string{"/type"}, slices.Sorted(maps.Keys(priceProperties))...) {
		required := priceProperties[name].required || name == zPoint+"profile/uuid" && given[zPoint+"type"] == "SP"
		if required && given[name] == "" && !strings.HasPrefix(name, other) {
			return product{}, badPrice(name, "is required")
		}
	}
	if id := given[zPoint+"profile/uuid"]; id != "" && profileNamed(id) == nil {
		return product{}, badPrice(zPoint+"profile/uuid", "does not exist")
	}
	ibx := given["/port/location/ibx"]
	mbps, _ := strconv.ParseInt(given[mine+"bandwidth"], 10, 64) // has the form of a number
	return product{
		from: ibx[:min(len(ibx), 2)] + given[aPoint+"location/metroCode"], to: given[zPoint+"location/metroCode"], mbps: mbps,
		buyout: given["/port/settings/buyout"] == "true" || given[aPoint+"port/settings/buyout"] == "true" ||
			strings.HasPrefix(given["/port/package/code"], "UNLIMITED"),
	}, nil
}

// badPrice refuses a search for prices, for a reason that continues the name of a property.
func badPrice(property, reason string) *reply {
	return new(apiError(http.StatusBadRequest, "EQ-3038010", "Validation failure",
		"details", "Invalid request body", "additionalInfo", flawList([]flaw{{property, property + " " + reason}})))
}

// searchPrices answers with the prices of one product, by term.
func (a *API) searchPrices(c *call) reply {
	req, refusal := decodeSearch(c)
	if refusal != nil {
		return *badPrice("filter", "has invalid format")
	}
	given := map[string]string{}
	for _, f := range req.Filter.And {
		if f.Operator != "=" && f.Operator != "IN" || len(f.Values) != 1 {
			return *badPrice(f.Property, "has invalid format")
		}
		given[f.Property] = f.Values[0]
	}
	p, refusal := a.state.Load().product(given)
	if refusal != nil {
		return *refusal
	}
	monthly, once, currency, ok := p.quote()
	member, code, name, terms := "port", "ECX00001.PROD", "Equinix Fabric Port Product", discounts
	if p.to != "" {
		member, code, name = "connection", "ECX00015.PROD", "Equinix Fabric Virtual Connection Product"
	}
	if p.mbps < 1_000 || p.to == "" && p.mbps < 10_000 {
		terms = discounts[len(discounts)-1:]
	}
	described, account := nested(given), any(omit)
	if given["/account/accountNumber"] != "" {
		account = described["account"]
	}
	var docs []*object
	for _, d := range terms {
		var charges []object
		if once > 0 {
			charges = append(charges, object{"type", "NON_RECURRING", "price", once})
		}
		if !math.IsNaN(monthly) {
			charges = append(charges, object{"type", "MONTHLY_RECURRING", "price", cents(monthly * d[1])})
		}
		months := any(omit)
		if len(terms) > 1 {
			months = d[0]
		}
		if ok {
			docs = append(docs, &object{
				"type", given["/type"], "code", code, "name", name, "account", account, "charges", charges,
				"currency", currency, "termLength", months, member, described[member],
			})
		}
	}
	return paginate(c, docs, 0, max(len(docs), 1), func(o *object) object { return *o })
}

// nested are the properties as an object: /a/b is member b of member a.
func nested(properties map[string]string) map[string]any {
	top := map[string]any{}
	for name, value := range properties {
		steps, at := strings.Split(name[1:], "/"), top
		for _, step := range steps[:len(steps)-1] {
			if at[step] == nil {
				at[step] = map[string]any{}
			}
			at = at[step].(map[string]any)
		}
		switch last := steps[len(steps)-1]; priceProperties[name].form {
		case digits:
			at[last] = json.Number(value)
		case boolean:
			at[last] = value == "true"
		default:
			at[last] = value
		}
	}
	return top
}
