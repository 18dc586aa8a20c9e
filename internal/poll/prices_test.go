package poll_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// estateWithPrices has four ports of two products, and connections.
func estateWithPrices(t *testing.T) (*bench, *fakeAPI) {
	api := &fakeAPI{ports: func() ([]fabric.Port, error) {
		all, _ := allSeen("aa", "ab", "ac", "ad")()
		for i := range all {
			all[i].MetroCode, all[i].Package, all[i].Product = "AM", "STANDARD", "AM1 10000"
		}
		all[3].Product, all[3].Package = "AM1 100000", "UNLIMITED"
		return all, nil
	}}
	conn := func(uuid, from, to, kind, profile string, rate float64) fabric.Connection {
		c := virtual(uuid, from, to)
		c.Type, c.Bandwidth, c.ZSide.Type, c.ZSide.Metro, c.ZSideProfile = "EVPL_VC", &rate, kind, "FR", profile
		return c
	}
	web := newWeb(
		conn("c1", "aa", "", "SP", "cloud", 1e9), conn("c2", "ab", "", "SP", "cloud", 1e9), // one product
		conn("c3", "ad", "", "SP", "cloud", 1e9),    // on a port of another package
		conn("c4", "aa", "ab", "COLO", "", 5e7),     // of another bandwidth
		conn("c5", "zz", "aa", "COLO", "", 5e7),     // another customer pays for it
		conn("c6", "aa", "", "CLOUD_ROUTER", "", 1), // Equinix documents no price of it
	)
	api.connections = web.search
	b := newBench(t, api, "aa", "ab", "ac", "ad")
	b.cfg.Accounts[0].Prices, b.cfg.Accounts[0].Connections = 24*time.Hour, everything(100)
	return b, api
}

// priced are the prices in the store, by UUID.
func (b *bench) priced() (all []string) {
	add := func(uuid string, m *fleet.Metered) {
		text := uuid + " unasked"
		if m.PricePoll.Tried() {
			text = fmt.Sprintf("%s %t", uuid, m.PricePoll.OK)
		}
		if p := m.Price; p != nil && p.Monthly != nil {
			text += fmt.Sprintf(" %v %s", *p.Monthly, p.Currency)
		}
		all = append(all, text)
	}
	for _, p := range b.store.Load().Ports {
		add(p.UUID, &p.Metered)
	}
	for _, c := range b.store.Load().Connections {
		add(c.UUID, &c.Metered)
	}
	return all
}

// One question for each product and day, however many ports and connections are of it.
func TestEachProductIsPricedOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		var monthly atomic.Int64
		monthly.Store(100)
		api.price = func(what string, of fabric.ConnectionProduct) (fabric.Price, error) {
			v := float64(monthly.Load())
			if what == "connection" {
				v += of.Bandwidth / 1e6
			}
			return fabric.Price{Monthly: &v, Currency: "EUR"}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(30 * time.Minute)
			if n, m := len(api.of("price port", "")), len(api.of("price connection", "")); n != 2 || m != 3 {
				t.Errorf("%d questions about ports, %d about connections", n, m)
			}
			want := []string{
				"aa true 100 EUR", "ab true 100 EUR", "ac true 100 EUR", "ad true 100 EUR",
				"c1 true 1100 EUR", "c2 true 1100 EUR", "c3 true 1100 EUR", "c4 true 150 EUR", "c5 unasked", "c6 unasked",
			}
			if diff := cmp.Diff(want, b.priced()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			monthly.Store(120)
			time.Sleep(24 * time.Hour)
			if n, m := len(api.of("price port", "")), len(api.of("price connection", "")); n != 4 || m != 6 {
				t.Errorf("after a day %d questions about ports, %d about connections", n, m)
			}
		})
		b.run(t, 20*time.Minute) // a reload
		if n := len(api.of("price port", "")); n != 4 {
			t.Errorf("after a reload %d questions about ports", n)
		}
		if got := b.priced()[0]; got != "aa true 120 EUR" {
			t.Error(got)
		}
		// 5 products a day are hardly a call in five minutes.
		if calls := b.store.Load().Accounts[0].CallsPerCycle; calls < 10 || calls > 14 {
			t.Errorf("%v calls a cycle", calls)
		}
	})
}

// A failure keeps the price, and is tried again in an hour.
func TestAPriceOutlivesAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		var broken atomic.Bool
		api.price = func(string, fabric.ConnectionProduct) (fabric.Price, error) {
			if broken.Load() {
				return fabric.Price{}, errBroken
			}
			return fabric.Price{Monthly: new(1.0), Currency: "USD"}, nil
		}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Hour)
			broken.Store(true)
			time.Sleep(25 * time.Hour)
			if got := b.priced()[0]; got != "aa false 1 USD" {
				t.Error(got)
			}
			broken.Store(false)
			time.Sleep(time.Hour + 10*time.Minute)
			if got := b.priced()[0]; got != "aa true 1 USD" {
				t.Error(got)
			}
		})
		if n := len(api.of("price port", "")); n < 6 || n > 10 {
			t.Errorf("%d questions about two kinds of ports", n)
		}
	})
}

// A connection of another bandwidth has another price at once, or none while that is not known:
// never the price of what it was.
func TestAPriceEndsWithItsProduct(t *testing.T) {
	for name, fault := range map[string]error{"answered": nil, "failing": errBroken} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, api := estateWithPrices(t)
				var slow atomic.Bool
				searched := api.connections
				api.connections = func(ports []string, each func([]string, []fabric.Connection, error)) {
					searched(ports, func(batch []string, conns []fabric.Connection, err error) {
						conns = slices.Clone(conns)
						for i := range conns {
							if slow.Load() && conns[i].UUID == "c1" {
								conns[i].Bandwidth = new(2e8)
							}
						}
						each(batch, conns, err)
					})
				}
				api.price = func(_ string, of fabric.ConnectionProduct) (fabric.Price, error) {
					if of.Bandwidth == 2e8 && fault != nil {
						return fabric.Price{}, fault
					}
					return fabric.Price{Monthly: new(of.Bandwidth / 1e6), Currency: "EUR"}, nil
				}
				b.during(t, func(*poll.Poller) {
					time.Sleep(20 * time.Minute)
					if got := b.priced(); !slices.Contains(got, "c1 true 1000 EUR") {
						t.Error(got)
					}
					slow.Store(true)
					time.Sleep(20 * time.Minute)
					want := map[bool]string{true: "c1 true 200 EUR", false: "c1 false"}[fault == nil]
					if got := b.priced(); !slices.Contains(got, want) || !slices.Contains(got, "c2 true 1000 EUR") {
						t.Errorf("%q, want %q", got, want)
					}
				})
			})
		})
	}
}

// The API may refuse to speak of one port, such as one that is gone. Others of its product are
// then asked about.
func TestAPortThatIsRefusedCostsOthersNoPrice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		api.price = func(_ string, of fabric.ConnectionProduct) (fabric.Price, error) {
			if of.Port == "aa" {
				return fabric.Price{}, &fabric.Error{Op: fabric.OpSearchPrices, Status: 400}
			}
			return fabric.Price{Monthly: new(4.0), Currency: "EUR"}, nil
		}
		b.run(t, 80*time.Minute)
		if got := b.priced(); !slices.Contains(got, "ac true 4 EUR") || !slices.Contains(got, "c2 true 4 EUR") {
			t.Error(got)
		}
		if n := len(api.of("price port", "aa")); n != 1 {
			t.Errorf("asked %d times about the port", n)
		}
	})
}

// Nothing about prices is left when a reload turns them off.
func TestAReloadTurnsPricesOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		api.price = func(string, fabric.ConnectionProduct) (fabric.Price, error) {
			return fabric.Price{Monthly: new(1.0), Currency: "EUR"}, nil
		}
		b.run(t, 20*time.Minute)
		b.cfg.Accounts[0].Prices = 0
		b.run(t, 20*time.Minute)
		for _, got := range b.priced() {
			if !strings.HasSuffix(got, "unasked") {
				t.Error(got)
			}
		}
	})
}

// Where the v4 search is gone, v3 knows the prices of connections.
func TestPricesOfConnectionsComeFromV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		api.price = func(what string, _ fabric.ConnectionProduct) (fabric.Price, error) {
			if what != "v3" {
				return fabric.Price{}, &fabric.Error{Op: fabric.OpSearchPrices, Status: 404}
			}
			return fabric.Price{Monthly: new(7.0), Currency: "CHF"}, nil
		}
		b.cfg.Concurrency = 2
		var log strings.Builder
		b.logTo(&log)
		b.run(t, 30*time.Minute)
		got := b.priced()
		if !slices.Contains(got, "c1 true 7 CHF") || !slices.Contains(got, "aa false") || strings.Contains(strings.Join(got, " "), "aa false 7") {
			t.Error(got)
		}
		if n := len(api.of("price port", "")) + len(api.of("price connection", "")); n < 1 || n > 2 { // connections may come after ports
			t.Errorf("asked the search that is gone %d times", n)
		}
		if n := strings.Count(log.String(), "poll failed"); n != 1 || !strings.Contains(log.String(), "class=port_prices port_uuid=aa reason=no_port_prices") {
			t.Errorf("%d failures in the log: %s", n, log.String())
		}
	})
}

// A connection that v3 has listed has no type, by which v4 knows its price.
func TestConnectionsOfV3ArePricedByV3(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		found := from("v3")[0]
		found.ZSide, found.ZSideProfile = fabric.Side{Type: "SP", Metro: "FR"}, "cloud"
		api.connections = func(ports []string, each func([]string, []fabric.Connection, error)) { each(ports, nil, errNoRight) }
		api.buyer = func() ([]fabric.Connection, error) { return []fabric.Connection{found}, nil }
		api.price = func(what string, _ fabric.ConnectionProduct) (fabric.Price, error) {
			return fabric.Price{Monthly: new(map[string]float64{"port": 1, "v3": 3}[what]), Currency: "EUR"}, nil
		}
		b.run(t, 30*time.Minute)
		if got := b.priced(); !slices.Contains(got, "aa true 1 EUR") || !slices.Contains(got, "c true 3 EUR") {
			t.Error(got)
		}
	})
}

// Without prices in the configuration nothing is asked.
func TestPricesAreOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		b.cfg.Accounts[0].Prices = 0
		b.run(t, 2*time.Hour)
		if n := len(api.of("price port", "")) + len(api.of("price connection", "")); n != 0 {
			t.Errorf("%d questions", n)
		}
	})
}

// A port that was resized after the listing has the price of another product.
func TestThePriceOfAResizedPortIsNotThatOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, api := estateWithPrices(t)
		list := api.ports
		api.ports = func() ([]fabric.Port, error) {
			all, err := list()
			for i := range all {
				all[i].Links = []fabric.Link{{OperationalStatus: "UP"}}
			}
			return all, err
		}
		api.price = func(string, fabric.ConnectionProduct) (fabric.Price, error) {
			return fabric.Price{Monthly: new(9.0), Currency: "EUR", Bandwidth: new(100e9)}, nil
		}
		b.run(t, 30*time.Minute)
		if got := b.priced()[0]; got != "aa false" {
			t.Error(got)
		}
	})
}
