package poll

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
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
}

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
	add := func(uuid, key string, of *fabric.ConnectionProduct) {
		if by[key] == nil {
			by[key] = &Product{key: key, Connection: of}
			all = append(all, by[key])
		}
		by[key].UUIDs = append(by[key].UUIDs, uuid)
	}
	for _, uuid := range uuids {
		if p := ports[uuid]; p.Inventory != nil {
			add(uuid, "port "+cmp.Or(p.Inventory.Product, uuid), nil)
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
		add(c.UUID, strings.Join([]string{
			"connection", c.Type, strconv.FormatFloat(*c.Bandwidth, 'f', -1, 64), origin, c.ZSide.Type, c.ZSide.Metro, c.Profile,
		}, " "), &fabric.ConnectionProduct{
			Type: c.Type, Bandwidth: *c.Bandwidth, Port: p.UUID, Metro: p.Inventory.Metro, ZType: c.ZSide.Type, ZMetro: c.ZSide.Metro, ZProfile: c.Profile,
		})
	}
	return all
}

var errNoPortPrices = errors.New("the v4 API has no prices, and v3 has none of ports")

// AskPrice asks for the list price of a product. Where the v4 search is gone it asks v3, which
// has no prices of ports.
func AskPrice(ctx context.Context, api API, p *Product) (price fabric.Price, err error) {
	defer survive(&err)
	if p.Connection == nil {
		if price, err = api.PortPrice(ctx, p.UUIDs[0]); fabric.Gone(err) {
			err = errors.Join(errNoPortPrices, err)
		}
		return price, err
	}
	if price, err = api.ConnectionPrice(ctx, *p.Connection); fabric.Gone(err) {
		return api.ConnectionPriceV3(ctx, *p.Connection)
	}
	return price, err
}

// priceAnswer is the latest answer about a product.
type priceAnswer struct {
	fleet.Price
	err error
}

// due reports whether to ask again: after the interval, or an hour after a failure.
func (p priceAnswer) due(interval time.Duration, now time.Time) bool {
	if p.err != nil {
		interval = min(interval, time.Hour)
	}
	return p.At.IsZero() || fleet.Age(now, p.At) >= interval
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
	ctx, _ = fabric.InTurn(ctx, fabric.HistoryTurn)
	var asking errgroup.Group
	asking.SetLimit(max(1, a.cfg.Concurrency/2))
	now := time.Now()
	for _, p := range all {
		mu.Lock()
		answer, ok := a.prices[p.key]
		if price := known[p.UUIDs[0]]; !ok && price != nil { // from before a reload
			answer = priceAnswer{Price: *price}
			a.prices[p.key] = answer
		}
		mu.Unlock()
		if !answer.due(a.Prices, now) {
			continue
		}
		asking.Go(func() error {
			got, err := AskPrice(ctx, a.API, p)
			mu.Lock()
			defer mu.Unlock()
			a.prices[p.key] = priceAnswer{fleet.Price{At: time.Now(), Monthly: got.Monthly, Currency: got.Currency}, err}
			return nil
		})
	}
	_ = asking.Wait()
	if ctx.Err() == nil {
		a.publishPrices(all)
	}
}

// products are the products of the account, and the prices that are known, by UUID.
func (a *account) products() ([]*Product, map[string]*fleet.Price) {
	snap := a.store.Load()
	ports, known := map[string]*fleet.Port{}, map[string]*fleet.Price{}
	var conns []*fleet.Connection
	for _, p := range snap.PortsOf(a.Name) {
		ports[p.UUID], known[p.UUID] = p, p.Price
	}
	for _, c := range snap.Connections {
		if c.Account == a.Name {
			conns, known[c.UUID] = append(conns, &c.Connection), c.Price
		}
	}
	return products(ports, portKind.all(snap, a.Name), conns), known
}

// publishPrices writes the answers to the ports and connections. A failure keeps the price
// before, which goes stale.
func (a *account) publishPrices(all []*Product) {
	answers := map[string]priceAnswer{}
	var failed error
	for _, p := range all {
		for _, uuid := range p.UUIDs {
			answers[uuid] = a.prices[p.key]
		}
		failed = cmp.Or(failed, a.prices[p.key].err)
	}
	a.store.Update(func(e *fleet.Edit) {
		take := func(m *fleet.Metered, uuid string) {
			answer, ok := answers[uuid]
			if !ok {
				m.Price, m.PricePoll = nil, fleet.Poll{}
				return
			}
			if answer.err == nil {
				m.Price = &answer.Price
			}
			m.PricePoll = m.PricePoll.Ended(answer.At, answer.err)
		}
		for _, uuid := range portKind.all(e.Snapshot(), a.Name) {
			take(&e.Port(a.Name, uuid).Metered, uuid)
		}
		for _, c := range e.Snapshot().Connections {
			if c.Account == a.Name {
				take(&e.Connection(a.Name, c.UUID).Metered, c.UUID)
			}
		}
	})
	a.log.record("prices", "", failed)
}
