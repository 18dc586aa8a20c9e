package poll

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// retryPrice is how soon a price is asked for again after a failure, if not sooner by the
// interval.
const retryPrice = time.Hour

// prices are the answers about list prices, by product, so that a product is asked about once
// per interval, however many ports and connections are of it.
type prices struct {
	mu      sync.Mutex
	answers map[string]priceAnswer
	v3      bool // the v4 search is gone
}

type priceAnswer struct {
	fleet.Price
	err error
}

// due reports whether to ask again.
func (p priceAnswer) due(interval time.Duration, now time.Time) bool {
	if p.err != nil {
		interval = min(interval, retryPrice)
	}
	return p.At.IsZero() || fleet.Age(now, p.At) >= interval
}

// PriceOf is what the price of a connection from the port p depends on; ok is false if Equinix
// documents no price of it, or if another customer's port is at its a-side and pays for it.
func PriceOf(c *fleet.Connection, p *fleet.Port) (of fabric.ConnectionProduct, ok bool) {
	if p == nil || p.Inventory == nil || c.ASidePort != p.UUID || c.Bandwidth == nil || c.ZSide.Metro == "" {
		return of, false
	}
	of = fabric.ConnectionProduct{
		Type: c.Type, Bandwidth: *c.Bandwidth, Port: p.UUID, Metro: p.Inventory.Metro, ZType: c.ZSide.Type, ZMetro: c.ZSide.Metro, ZProfile: c.Profile,
	}
	takes, _ := c.InUse()
	return of, takes && (of.ZType == "COLO" || of.ZType == "SP" && of.ZProfile != "")
}

// productOfPort is equal for ports with the same price.
func productOfPort(p *fleet.Port) string { return "port " + cmp.Or(p.Inventory.Product, p.UUID) }

// productOfConnection is equal for connections with the same price: of those of one metro that
// are on ports of one package.
func productOfConnection(of fabric.ConnectionProduct, p *fleet.Port) string {
	origin := p.Inventory.Metro + " " + p.Inventory.Package
	if p.Inventory.Metro == "" {
		origin = p.UUID
	}
	return "connection " + of.Type + " " + strconv.FormatFloat(of.Bandwidth, 'f', -1, 64) + " " + origin + " " + of.ZType + " " + of.ZMetro + " " + of.ZProfile
}

// pollPrices asks for the list price of every product of the account's ports and tracked
// connections that is due, and publishes all prices.
func (a *account) pollPrices(ctx context.Context) {
	a.prices.mu.Lock()
	a.prices.v3 = false // it may have come back
	a.prices.mu.Unlock()
	snap, now := a.store.Load(), time.Now()
	asks := map[string]func(context.Context) (fabric.Price, error){}
	product := map[string]string{} // by the UUID of a port or connection
	want := func(uuid, key string, known *fleet.Price, ask func(context.Context) (fabric.Price, error)) {
		product[uuid], asks[key] = key, ask
		a.prices.mu.Lock()
		defer a.prices.mu.Unlock()
		if answer := a.prices.answers[key]; known != nil && known.At.After(answer.At) { // from before a restart
			a.prices.answers[key] = priceAnswer{Price: *known}
		}
	}
	for _, p := range snap.PortsOf(a.Name) {
		if p.Inventory != nil {
			want(p.UUID, productOfPort(p), p.Price, func(ctx context.Context) (fabric.Price, error) { return a.askPrice(ctx, p.UUID, nil) })
		}
	}
	for _, c := range snap.Connections {
		p := snap.Port(c.ASidePort)
		if of, ok := PriceOf(&c.Connection, p); ok && c.Account == a.Name {
			want(c.UUID, productOfConnection(of, p), c.Price, func(ctx context.Context) (fabric.Price, error) { return a.askPrice(ctx, "", &of) })
		}
	}
	a.noteProducts(len(asks))

	ctx, _ = fabric.InTurn(ctx, fabric.HistoryTurn)
	var asking errgroup.Group
	asking.SetLimit(max(1, a.cfg.Concurrency/2))
	for key, ask := range asks {
		a.prices.mu.Lock()
		before := a.prices.answers[key]
		a.prices.mu.Unlock()
		if !before.due(a.Prices, now) {
			continue
		}
		asking.Go(func() (err error) {
			defer survive(&err)
			got, err := ask(ctx)
			if ctx.Err() != nil {
				return nil
			}
			answer := priceAnswer{Price: fleet.Price{At: time.Now(), Monthly: got.Monthly, Currency: got.Currency}, err: err}
			a.prices.mu.Lock()
			defer a.prices.mu.Unlock()
			a.prices.answers[key] = answer
			return nil
		})
	}
	_ = asking.Wait()
	if ctx.Err() != nil {
		return
	}
	a.publishPrices(product)
}

// publishPrices writes the answers to the ports and connections. A failure keeps the price
// before, which goes stale.
func (a *account) publishPrices(product map[string]string) {
	a.prices.mu.Lock()
	defer a.prices.mu.Unlock()
	var failed error
	a.store.Update(func(e *fleet.Edit) {
		take := func(m *fleet.Metered, uuid string) {
			answer, ok := a.prices.answers[product[uuid]]
			switch {
			case !ok:
				m.Price, m.PricePoll = nil, fleet.Poll{}
				return
			case answer.err == nil:
				m.Price = &answer.Price
			default:
				failed = answer.err
			}
			m.PricePoll = m.PricePoll.Ended(answer.At, answer.err)
		}
		for _, p := range e.Snapshot().PortsOf(a.Name) {
			take(&e.Port(a.Name, p.UUID).Metered, p.UUID)
		}
		for _, c := range e.Snapshot().Connections {
			if c.Account == a.Name {
				take(&e.Connection(a.Name, c.UUID).Metered, c.UUID)
			}
		}
	})
	a.log.record("prices", "", failed)
}

// askPrice asks for the price of a port, or of a connection if of is not nil. Where the v4
// search is gone, v3 is asked, which has no prices of ports.
func (a *account) askPrice(ctx context.Context, port string, of *fabric.ConnectionProduct) (price fabric.Price, err error) {
	a.prices.mu.Lock()
	v3 := a.prices.v3
	a.prices.mu.Unlock()
	if !v3 {
		if of == nil {
			price, err = a.API.PortPrice(ctx, port)
		} else {
			price, err = a.API.ConnectionPrice(ctx, *of)
		}
		if !fabric.Gone(err) {
			return price, err
		}
	}
	if of == nil {
		return fabric.Price{}, cmp.Or(err, errNoPortPrices)
	}
	price, err = a.API.ConnectionPriceV3(ctx, *of)
	a.prices.mu.Lock()
	a.prices.v3 = err == nil
	a.prices.mu.Unlock()
	return price, err
}

var errNoPortPrices = errors.New("the v4 API has no prices for this account, and v3 has none of ports")

// noteProducts plans anew if the number of products has changed.
func (a *account) noteProducts(n int) {
	a.mu.Lock()
	changed := a.products != n
	a.products = n
	a.mu.Unlock()
	if changed {
		a.replan()
	}
}
