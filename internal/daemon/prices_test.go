package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const priced = "    discover: {enabled: true}\n    traffic_source: v4-stats\n    connections: {traffic: true}\n    prices: {enabled: true}\n"

// Each price is the one of Equinix' list, and what has no price there shows none.
func TestEveryPriceIsTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inService()
		api := fabrictest.New(fabrictest.Options{})
		e, stop := start(t, api.Transport(), text(discovery(priced)))
		defer stop()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		got, seen, free := e.series(t), 0, 0
		compare := func(kind, uuid, name string) {
			monthly, currency, ok := api.PriceTruth(uuid)
			prefix := fmt.Sprintf(`%s_monthly_price{`, kind)
			for series, v := range got {
				if !strings.HasPrefix(series, prefix) || !strings.Contains(series, uuid) {
					continue
				}
				seen++
				if v == 0 {
					free++
				}
				if !ok || v != monthly || !strings.Contains(series, `currency="`+currency+`"`) {
					t.Errorf("%s = %v, want %v %s, %v", series, v, monthly, currency, ok)
				}
				return
			}
			if ok {
				t.Errorf("%s %s has no price, want %v %s", kind, name, monthly, currency)
			}
		}
		snap := e.Snapshot()
		for _, p := range snap.Ports {
			compare("port", p.UUID, p.Name())
			if v := got[fmt.Sprintf(`port_price_poll_success{port_name=%q,port_uuid=%q}`, p.Name(), p.UUID)]; v != 1 {
				t.Errorf("port_price_poll_success of %s is %v", p.Name(), v)
			}
		}
		for _, c := range snap.Connections {
			if z := c.ZSide.Type; (z == "COLO" || z == "SP") && c.Bandwidth != nil && c.CarriesTraffic() {
				compare("connection", c.UUID, c.Name())
			}
		}
		if seen < 60 || free == 0 {
			t.Errorf("%d prices, %d of 0", seen, free)
		}
		if n, all := api.Count(fabrictest.OpSearchPrices), len(snap.Ports)+len(snap.Connections); n == 0 || n > all/2 {
			t.Errorf("%d searches for %d ports and connections", n, all)
		}
	})
}

// Where the v4 search is gone, connections have the same prices from v3, and ports none:
// those that v4 lists, and those that v3 lists.
func TestPricesComeFromV3(t *testing.T) {
	for name, gone := range map[string][]string{
		"no v4 prices": {fabrictest.OpSearchPrices},
		"no v4":        append([]string{fabrictest.OpSearchPrices}, noV4...),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inService()
				api := fabrictest.New(fabrictest.Options{Gone: gone})
				e, stop := start(t, api.Transport(), text(discovery(strings.Replace(priced, "v4-stats", "auto", 1))))
				defer stop()
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				got, seen := e.series(t), 0
				for _, c := range e.Snapshot().Connections {
					monthly, currency, ok := api.PriceTruth(c.UUID)
					series := fmt.Sprintf(`connection_monthly_price{connection_name=%q,connection_uuid=%q,currency=%q}`, c.Name(), c.UUID, currency)
					if v, is := got[series]; is && ok {
						seen++
						if v != monthly {
							t.Errorf("%s = %v, want %v", series, v, monthly)
						}
					}
				}
				if seen < 60 {
					t.Errorf("%d prices", seen)
				}
				for series, v := range got {
					if strings.HasPrefix(series, "port_monthly_price") || strings.HasPrefix(series, "port_price_poll_success") && v != 0 {
						t.Errorf("%s = %v", series, v)
					}
				}
			})
		})
	}
}
