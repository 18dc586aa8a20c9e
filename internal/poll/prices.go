package poll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Product is what ports or connections with the same list price have in common.
type Product struct {
	key        string
	UUIDs      []string                  // the ports or connections
	Connection *fabric.ConnectionProduct // nil: it is of ports
	from       []string                  // the ports of the UUIDs, at the a-side of connections
	capacity   *float64                  // of ports with one link, bit/s
}

// at is the place in UUIDs of the one to ask about after so many failures: another one after
// each, since the API may refuse to answer about one port.
func (p *Product) at(failures int) int { return failures % len(p.UUIDs) }

// ListedProducts are the products of ports and connections as the API lists them, see products.
func ListedProducts(ports []fabric.Port, conns []fabric.Connection) []*Product {
	by := map[string]*fleet.Port{}
	var uuids []string
	for _, p := range ports {
		uuids = append(uuids, p.UUID)
		by[p.UUID] = &fleet.Port{UUID: p.UUID, Inventory: newInventory(p, time.Time{})}
	}
	var on []*fleet.Connection
	for _, c := range conns {
		on = append(on, new(NewConnection(c)))
	}
	return products(by, uuids, on)
}

// products are the products of ports and of the connections on them, in the order of the first
// of each. In none are connections that are over or not yet there, those whose z-side is neither a
// port nor a service, as Equinix documents no price of them, and those from the port of another
// customer, who pays for them.
func products(ports map[string]*fleet.Port, uuids []string, conns []*fleet.Connection) (all []*Product) {
	by := map[string]*Product{}
	add := func(uuid, port, key string, of *fabric.ConnectionProduct) {
		if by[key] == nil {
			by[key] = &Product{key: key, Connection: of}
			all = append(all, by[key])
		}
		by[key].UUIDs, by[key].from = append(by[key].UUIDs, uuid), append(by[key].from, port)
	}
	for _, uuid := range uuids {
		if p := ports[uuid]; p.Inventory != nil {
			key := "port " + cmp.Or(p.Inventory.Product, uuid)
			add(uuid, uuid, key, nil)
			if len(p.Inventory.Links) == 1 {
				by[key].capacity = p.Inventory.Capacity
			}
		}
	}
	for _, c := range conns {
		p := ports[c.ASidePort]
		if p == nil || p.Inventory == nil || c.Bandwidth == nil || c.ZSide.Metro == "" {
			continue
		}
		if !c.CarriesTraffic() || c.ZSide.Type != "COLO" && (c.ZSide.Type != "SP" || c.Profile == "") {
			continue
		}
		origin := p.Inventory.Metro + " " + p.Inventory.Package
		if p.Inventory.Metro == "" {
			origin = p.UUID
		}
		add(c.UUID, p.UUID, strings.Join([]string{
			"connection", c.Type, strconv.FormatFloat(*c.Bandwidth, 'f', -1, 64), origin, c.ZSide.Type, c.ZSide.Metro, c.Profile,
		}, " "), &fabric.ConnectionProduct{
			Type: c.Type, Bandwidth: *c.Bandwidth, Metro: p.Inventory.Metro, ZType: c.ZSide.Type, ZMetro: c.ZSide.Metro, ZProfile: c.Profile,
		})
	}
	return all
}

var errNoPortPrices = errors.New("the v4 API has no prices, and v3 has none of ports")

// AskPrice asks for the list price of a product: v4, or v3 once gone says that the v4 search
// does not exist, which AskPrice sets. v3 has no prices of ports; it alone is asked about the
// connections that it has listed, as they have no type. failures
// is how many questions about this product have failed.
func AskPrice(ctx context.Context, api API, p *Product, failures int, gone *atomic.Bool) (price fabric.Price, err error) {
	defer survive(&err)
	port, ofPort := p.from[p.at(failures)], p.Connection == nil
	var of fabric.ConnectionProduct
	if !ofPort {
		of = *p.Connection
		of.Port = port
	}
	if !gone.Load() && (ofPort || of.Type != "") {
		if ofPort {
			price, err = api.PortPrice(ctx, port)
			if b := price.Bandwidth; err == nil && b != nil && p.capacity != nil && *b != *p.capacity {
				return fabric.Price{}, fmt.Errorf("the price is of a port of %.0f bit/s, the listing says %.0f", *b, *p.capacity) // it was resized since
			}
		} else {
			price, err = api.ConnectionPrice(ctx, of)
		}
		if !fabric.Gone(err) {
			return price, err
		}
		gone.Store(true)
	}
	if ofPort {
		return fabric.Price{}, errors.Join(errNoPortPrices, err)
	}
	return api.ConnectionPriceV3(ctx, of)
}

// priceAnswer is what is known of the price of a product.
type priceAnswer struct {
	price    *fleet.Price // the latest good answer, nil before
	poll     fleet.Poll   // the latest question
	failures int          // questions that failed, in all
}

// due reports whether to ask again: after the interval, or an hour after a failure.
func (p priceAnswer) due(interval time.Duration, now time.Time) bool {
	if !p.poll.OK {
		interval = min(interval, time.Hour)
	}
	return !p.poll.Tried() || fleet.Age(now, p.poll.Last) >= interval
}

// pollPrices asks for the list price of each product of the account's ports and tracked
// connections that is due, and publishes all prices.
func (a *account) pollPrices(ctx context.Context) {
	all, known := a.products()
	a.mu.Lock()
	changed := a.productCount != len(all)
	a.productCount = len(all)
	a.mu.Unlock()
	if changed {
		a.replan()
	}

	var mu sync.Mutex // of a.prices
	var gone atomic.Bool
	ctx, _ = fabric.InTurn(ctx, fabric.HistoryTurn)
	var asking errgroup.Group
	asking.SetLimit(max(1, a.cfg.Concurrency/2))
	now := time.Now()
	for _, p := range all {
		mu.Lock()
		answer, ok := a.prices[p.key]
		if price := known[p.key]; !ok && price != nil { // from before a reload
			answer = priceAnswer{price: price, poll: fleet.Poll{}.Ended(price.At, nil)}
			a.prices[p.key] = answer
		}
		mu.Unlock()
		if !answer.due(a.Prices, now) {
			continue
		}
		asking.Go(func() error {
			got, err := AskPrice(ctx, a.API, p, answer.failures, &gone)
			if ctx.Err() != nil {
				return nil
			}
			class, at := "port_prices", time.Now()
			if p.Connection != nil {
				class = classConnectionPrices
			}
			a.log.record(class, p.UUIDs[p.at(answer.failures)], err)
			if err != nil {
				answer.failures++
			} else {
				answer.price = &fleet.Price{At: at, Product: p.key, Monthly: got.Monthly, Currency: got.Currency}
			}
			answer.poll = answer.poll.Ended(at, err)
			mu.Lock()
			defer mu.Unlock()
			a.prices[p.key] = answer
			return nil
		})
	}
	_ = asking.Wait()
	if ctx.Err() == nil {
		a.publishPrices(all)
	}
}

// products are the products of the account, and the prices that are known, by the key of
// their product.
func (a *account) products() ([]*Product, map[string]*fleet.Price) {
	snap := a.store.Load()
	ports, known := map[string]*fleet.Port{}, map[string]*fleet.Price{}
	var conns []*fleet.Connection
	know := func(p *fleet.Price) {
		if p != nil && (known[p.Product] == nil || p.At.After(known[p.Product].At)) {
			known[p.Product] = p
		}
	}
	for _, p := range snap.PortsOf(a.Name) {
		ports[p.UUID] = p
		know(p.Price)
	}
	for _, c := range snap.Connections {
		if c.Account == a.Name {
			conns = append(conns, &c.Connection)
			know(c.Price)
		}
	}
	return products(ports, portKind.all(snap, a.Name), conns), known
}

// publishPrices writes the answers to the ports and connections. After a failure the price
// before stays, and goes stale.
func (a *account) publishPrices(all []*Product) {
	answers := map[string]priceAnswer{}
	for _, p := range all {
		for _, uuid := range p.UUIDs {
			answers[uuid] = a.prices[p.key]
		}
	}
	a.store.Update(func(e *fleet.Edit) {
		take := func(m *fleet.Metered, uuid string) { m.Price, m.PricePoll = answers[uuid].price, answers[uuid].poll }
		for _, uuid := range portKind.all(e.Snapshot(), a.Name) {
			take(&e.Port(a.Name, uuid).Metered, uuid)
		}
		for _, c := range e.Snapshot().Connections {
			if c.Account == a.Name {
				take(&e.Connection(a.Name, c.UUID).Metered, c.UUID)
			}
		}
	})
}
