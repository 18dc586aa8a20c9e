package soak_test

import (
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// pricesEvery is the interval of list prices.
const pricesEvery = time.Hour

// price expects the list price of a port or a connection as it was when the exporter found it,
// or asked about what it is.
func (o *oracle) price(e *estate, uuid, what string, found time.Time, m *fleet.Metered, labels []string) {
	o.seen[what+"_monthly_price"], o.seen["port_price_poll_success"] = true, true
	if what == "port" && m.PricePoll.Tried() {
		o.expect(expectation{value: 1, any: o.now.Sub(e.calm) < pricesEvery+10*time.Minute || !e.unchanged(o.now.Add(-pricesEvery), o.now)},
			"port_price_poll_success", labels...)
	}
	p := m.Price
	if p == nil || o.now.Sub(p.At) > staleIntervals*pricesEvery {
		return
	}
	at := p.At
	if found.After(at) { // one that was found later has the price of the others
		at = found
	}
	vague := !e.unchanged(at.Add(-inventory-10*time.Minute), at)
	monthly, currency, priced := e.at(at).api.PriceTruth(uuid)
	if vague && p.Monthly != nil {
		monthly, currency, priced = *p.Monthly, p.Currency, true
	}
	if priced {
		o.expect(expectation{value: monthly, any: vague, maybe: vague}, what+"_monthly_price", append([]string{"currency", currency}, labels...)...)
	}
}

// pricing are the operations about prices, which say nothing of the account's data.
var pricing = map[string]bool{fabrictest.OpSearchPrices: true, fabrictest.OpPricesV3: true}
