package fabrictest

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// product is what has a list price: a port in a metro, or a connection between two
// metros. Both versions of the API quote the same price of a connection.
type product struct {
	from, to string // metro codes; to is "" for a port
	mbps     int64
	buyout   bool // of a port with unlimited local connections, or on such a port
}

// The price list is made up. Prices are in USD, for a month without a term.
var (
	// connectionPrices are by billing tier; a bandwidth between two tiers costs what the
	// larger one costs. The surcharge is for a connection to another metro.
	connectionPrices = []struct {
		mbps             int64
		local, surcharge float64
	}{
		{10, 40, 60}, {50, 100, 230}, {100, 150, 310}, {200, 200, 400}, {500, 350, 580}, {1_000, 500, 1_280},
		{2_000, 800, 2_150}, {5_000, 1_400, 4_945}, {10_000, 2_000, 8_380}, {25_000, 3_500, 15_000}, {50_000, 6_000, 26_000},
	}
	v3Tiers = []string{"50", "200", "500", "1000", "2000", "5000", "10000"} // in every answer of v3

	// currencies are by metro, or else by region.
	currencies = map[string]struct {
		code string
		rate float64 // units for a USD
	}{"AMER": {"USD", 1}, "EMEA": {"EUR", 0.91}, "APAC": {"SGD", 1.35}, "TY": {"JPY", 150}}

	// withoutMonthly are products without a monthly price: true if they have a charge
	// that is paid once, false if they are not for sale.
	withoutMonthly = map[product]bool{
		{from: "NY", mbps: 10_000}: true, {from: "FR", to: "FR", mbps: 100}: true,
		{from: "LD", mbps: 100_000}: false, {from: "TY", to: "TY", mbps: 200}: false,
	}

	// discounts are terms in months and factors, in the order of an answer. Fast products
	// have terms; an answer for a slow one has only the price without a term, and no term.
	discounts = [][2]float64{{36, 0.85}, {24, 0.9}, {12, 0.95}, {1, 1}}
)

// quote is the price of the product for a month without a term, NaN if it has only a
// charge that is paid once, which is 0 if it has none. ok is false if it is not for sale.
func (p product) quote() (monthly, once float64, currency string, ok bool) {
	from, to := metroOf(p.from), metroOf(cmp.Or(p.to, p.from))
	money, special := currencies[p.from]
	if !special {
		money = currencies[from.region]
	}
	if p.to == "" {
		monthly, once, ok = 350+0.09*float64(p.mbps), 100, p.mbps > 0
		if p.buyout {
			monthly *= 2
		}
	}
	for _, tier := range connectionPrices {
		if p.to == "" || p.mbps <= 0 || p.mbps > tier.mbps {
			continue
		}
		p.mbps, ok = tier.mbps, true
		if !p.buyout {
			monthly = tier.local
		}
		if p.to != p.from {
			monthly += tier.surcharge
		}
		break
	}
	if sold, odd := withoutMonthly[p]; odd {
		monthly, once, ok = math.NaN(), 100, sold
	}
	known := from.name != from.code && to.name != to.code
	return cents(monthly * money.rate), cents(once * money.rate), money.code, ok && known
}

func cents(amount float64) float64 { return math.Round(amount*100) / 100 }

// PriceTruth returns the monthly list price of an own port or of a connection, for a
// term of one month or without a term, and its currency. ok is false if v4 has no such
// price: the product is not for sale or has no monthly charge, the port at its A side
// belongs to another account, which pays for it, or v4 has no prices for the type of
// the connection or of its far end. Where both versions have a price, it is the same.
// v3 has no price of a port, nor of a connection without a port at its A side, but it
// does not ask for types. Only v3 lists the bandwidth of a sparse connection.
func (a *API) PriceTruth(uuid string) (monthly float64, currency string, ok bool) {
	a.advance(a.now())
	s := a.state.Load()
	given := map[string]string{"/type": "VIRTUAL_PORT_PRODUCT", "/port/uuid": uuid}
	if c := s.connections[uuid]; c != nil {
		given = map[string]string{
			"/type": "VIRTUAL_CONNECTION_PRODUCT", "/connection/type": c.Type, "/connection/bandwidth": strconv.FormatInt(c.Bandwidth, 10),
			aPoint + "type": c.ASide.Type, aPoint + "location/metroCode": c.ASide.Metro, aPoint + "port/uuid": c.ASide.Port,
			zPoint + "type": c.ZSide.Type, zPoint + "location/metroCode": c.ZSide.Metro, zPoint + "profile/uuid": "",
		}
		if p := profileNamed(c.ZSide.Profile); p != nil {
			given[zPoint+"profile/uuid"] = p.uuid
		}
		maps.DeleteFunc(given, func(_, value string) bool { return value == "" })
	}
	p, refusal := s.product(given)
	if refusal != nil {
		return 0, "", false
	}
	monthly, _, currency, ok = p.quote()
	if !ok || math.IsNaN(monthly) {
		return 0, "", false
	}
	return monthly, currency, true
}

// pricesV3 answers with the prices of connections from a port to its own metro and to
// another one. Its prices are strings.
func (a *API) pricesV3(c *call) reply {
	query := c.http.URL.Query()
	id, to := query.Get("portUUID"), query.Get("destinationMetro")
	p, _ := a.readable(id)
	var wrong object
	switch {
	case to == "":
		wrong = v3Error("Required field", "destinationMetro")
	case id == "":
		wrong = v3Error("Required field", "portUUID")
	case p == nil:
		wrong = v3Error("Invalid port UUID", "portUUID")
	case metroOf(to).name == to:
		wrong = v3Error("Invalid metro code", "destinationMetro")
	}
	if wrong != nil {
		return jsonReply([]object{wrong}, http.StatusBadRequest)
	}
	speeds := slices.Clone(v3Tiers)
	for speed := range strings.SplitSeq(strings.Join(query["customSpeeds"], ","), ",") {
		if !slices.Contains(speeds, speed) {
			speeds = append(speeds, speed)
		}
	}
	var list []object
	_, _, currency, _ := product{from: p.Metro}.quote()
	for _, row := range [][3]string{
		{"Equinix Fabric Service Provider Product", "localConnection", p.Metro},
		{"Equinix Fabric Remote Connection Product", "remoteConnection", to},
	} {
		var prices []object
		for _, speed := range speeds {
			mbps, _ := strconv.ParseInt(speed, 10, 64) // what is no number is not for sale
			price, _, _, ok := product{p.Metro, row[2], mbps, p.Package != "STANDARD"}.quote()
			if !ok || math.IsNaN(price) {
				continue
			}
			text := strconv.FormatFloat(price, 'f', -1, 64)
			if price != 0 && price == math.Trunc(price) {
				text += ".0" // as in the documents, where 0 has no fraction
			}
			prices = append(prices, object{"speedBillingTier", speed, "price", text})
		}
		if row[1] == "localConnection" || to != p.Metro {
			list = append(list, object{"productName", row[0], "connectionType", row[1], "prices", prices})
		}
	}
	return jsonReply(object{"currency", currency, "originMetro", p.Metro, "destinationMetro", to, "priceList", list})
}
