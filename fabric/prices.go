package fabric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// Price is a list price of Equinix: without taxes, and not what a contract says.
type Price struct {
	Monthly  *float64 // monthly recurring charge for the shortest term; nil if the product has none
	Currency string   // e.g. USD; "" if Monthly is nil

	// Bandwidth of the port that it is of, in bit/s; nil if the API does not say.
	Bandwidth *float64
}

// ConnectionProduct is what the price of a connection depends on. Its a-side is a port.
type ConnectionProduct struct {
	Type      string // e.g. EVPL_VC
	Bandwidth float64
	Port      string // UUID at the a-side
	Metro     string // code at the a-side
	ZType     string // COLO or SP: Equinix documents prices of no other
	ZMetro    string
	ZProfile  string // UUID of the service profile, if ZType is SP
}

// Types of products.
const (
	portProduct       = "VIRTUAL_PORT_PRODUCT"
	connectionProduct = "VIRTUAL_CONNECTION_PRODUCT"
)

// PortPrice asks the v4 API for the price of a port like this one.
func (c *Client) PortPrice(ctx context.Context, port string) (Price, error) {
	return c.price(ctx, portProduct, condition{"/port/uuid", "=", []string{port}})
}

// ConnectionPrice asks the v4 API for the price of a connection.
func (c *Client) ConnectionPrice(ctx context.Context, p ConnectionProduct) (Price, error) {
	const at = "/connection/zSide/accessPoint/"
	all := []condition{
		{"/connection/type", "=", []string{p.Type}},
		{"/connection/bandwidth", "=", []string{mbits(p.Bandwidth)}},
		{"/connection/aSide/accessPoint/type", "=", []string{"COLO"}},
		{"/connection/aSide/accessPoint/port/uuid", "=", []string{p.Port}},
		{at + "type", "=", []string{p.ZType}},
		{at + "location/metroCode", "=", []string{p.ZMetro}},
	}
	if p.ZProfile != "" {
		all = append(all, condition{at + "profile/uuid", "=", []string{p.ZProfile}})
	}
	return c.price(ctx, connectionProduct, all...)
}

func mbits(rate float64) string { return strconv.FormatFloat(rate/mbit, 'f', -1, 64) }

func (c *Client) price(ctx context.Context, product string, of ...condition) (Price, error) {
	s := search{
		Filter:     filter{And: append([]condition{{"/type", "=", []string{product}}}, of...)},
		Pagination: pagination{Limit: pageSize},
	}
	return post(ctx, c, OpSearchPrices, "/fabric/v4/prices/search", s, func(b []byte) (Price, error) { return decodePrices(b, product) })
}

// monthly is the sum of the recurring charges of one price.
const monthly = "MONTHLY_RECURRING"

var errAmbiguous = errors.New("has two different prices for one product and term")

// decodePrices takes the price with the shortest term, which costs the most: the term of the
// contract is not known.
func decodePrices(b []byte, product string) (best Price, err error) {
	var body struct {
		Data []struct {
			Type    label  `json:"type"`
			Term    number `json:"termLength"` // months
			Charges []struct {
				Type  label  `json:"type"`
				Price number `json:"price"`
			} `json:"charges"`
			Currency label `json:"currency"`
			Port     struct {
				Bandwidth amount `json:"bandwidth"` // Mbit/s
			} `json:"port"`
		} `json:"data"`
	}
	if err := decode(b, &body); err != nil {
		return best, err
	}
	if body.Data == nil {
		return best, &DecodeError{Path: "data", Err: errMissing}
	}
	term := 0.0
	for i, d := range body.Data {
		if cmp.Or(string(d.Type), product) != product {
			continue
		}
		p := Price{Bandwidth: d.Port.Bandwidth.times(mbit)}
		for j, charge := range d.Charges {
			cost, ok := charge.Price.in(1)
			switch {
			case charge.Type != monthly:
			case !ok:
				return Price{}, &DecodeError{Path: fmt.Sprintf("data[%d].charges[%d].price", i, j), Err: errMissing}
			case p.Monthly == nil:
				p.Monthly = &cost
			default:
				*p.Monthly += cost
			}
		}
		if p.Monthly == nil {
			continue
		}
		if p.Currency = string(d.Currency); p.Currency == "" {
			return Price{}, &DecodeError{Path: fmt.Sprintf("data[%d].currency", i), Err: errMissing}
		}
		switch {
		case best.Monthly == nil, d.Term.value < term:
			best, term = p, d.Term.value
		case d.Term.value == term && (*p.Monthly != *best.Monthly || p.Currency != best.Currency):
			return Price{}, &DecodeError{Path: fmt.Sprintf("data[%d]", i), Err: errAmbiguous}
		}
	}
	return best, nil
}

// ConnectionPriceV3 asks the v3 API for the price of a connection. It has no prices of ports.
func (c *Client) ConnectionPriceV3(ctx context.Context, p ConnectionProduct) (Price, error) {
	query := url.Values{"portUUID": {p.Port}, "destinationMetro": {p.ZMetro}, "customSpeeds": {mbits(p.Bandwidth)}}
	return get(ctx, c, OpPricesV3, "/ecx/v3/l2/connections/prices?"+query.Encode(), func(b []byte) (Price, error) {
		return decodePricesV3(b, p)
	})
}

// decodePricesV3 takes the price for the bandwidth from the list for local or for remote
// connections.
func decodePricesV3(b []byte, of ConnectionProduct) (found Price, err error) {
	var body struct {
		Currency label `json:"currency"`
		Origin   label `json:"originMetro"`
		List     []struct {
			Type   label `json:"connectionType"`
			Prices []struct {
				Speed number `json:"speedBillingTier"` // Mbit/s
				Price number `json:"price"`
			} `json:"prices"`
		} `json:"priceList"`
	}
	if err := decode(b, &body); err != nil {
		return found, err
	}
	if body.List == nil {
		return found, &DecodeError{Path: "priceList", Err: errMissing}
	}
	kind := label("remoteConnection")
	if cmp.Or(string(body.Origin), of.Metro) == of.ZMetro {
		kind = "localConnection"
	}
	for i, l := range body.List {
		for j, p := range l.Prices {
			if l.Type != kind || !p.Speed.set || p.Speed.value*mbit != of.Bandwidth {
				continue
			}
			amount, ok := p.Price.in(1)
			path := fmt.Sprintf("priceList[%d].prices[%d]", i, j)
			switch {
			case !ok:
				return Price{}, &DecodeError{Path: path + ".price", Err: errMissing}
			case body.Currency == "":
				return Price{}, &DecodeError{Path: "currency", Err: errMissing}
			case found.Monthly != nil && *found.Monthly != amount:
				return Price{}, &DecodeError{Path: path, Err: errAmbiguous}
			}
			found = Price{Monthly: &amount, Currency: string(body.Currency)}
		}
	}
	return found, nil
}
