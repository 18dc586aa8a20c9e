package fabric_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

var gbit = fabric.ConnectionProduct{
	Type: "EVPL_VC", Bandwidth: 1e9, Port: id("p"), Metro: "AM", ZType: "SP", ZMetro: "FR", ZProfile: id("f"),
}

// The search for a price names what the price depends on, and nothing else.
func TestPriceOfAConnectionIsAskedByItsProduct(t *testing.T) {
	var asked string
	a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked = r.URL.Path + " " + string(body)
		return reply(200, `{"data":[]}`)
	}}
	if _, err := newClient(t, a).ConnectionPrice(t.Context(), gbit); err != nil {
		t.Fatal(err)
	}
	want := `/prefix/fabric/v4/prices/search {"filter":{"and":[` +
		`{"property":"/type","operator":"=","values":["VIRTUAL_CONNECTION_PRODUCT"]},` +
		`{"property":"/connection/type","operator":"=","values":["EVPL_VC"]},` +
		`{"property":"/connection/bandwidth","operator":"=","values":["1000"]},` +
		`{"property":"/connection/aSide/accessPoint/type","operator":"=","values":["COLO"]},` +
		`{"property":"/connection/aSide/accessPoint/port/uuid","operator":"=","values":["` + id("p") + `"]},` +
		`{"property":"/connection/zSide/accessPoint/type","operator":"=","values":["SP"]},` +
		`{"property":"/connection/zSide/accessPoint/location/metroCode","operator":"=","values":["FR"]},` +
		`{"property":"/connection/zSide/accessPoint/profile/uuid","operator":"=","values":["` + id("f") + `"]}]},` +
		`"pagination":{"offset":0,"limit":100}}`
	if asked != want {
		t.Errorf("%s\nwant %s", asked, want)
	}
}

func TestPrices(t *testing.T) {
	entry := func(term int, price, currency string) string {
		return `{"type":"VIRTUAL_PORT_PRODUCT","termLength":` + string(rune('0'+term)) + `,"currency":"` + currency + `","charges":[{"type":"NON_RECURRING","price":99},{"type":"MONTHLY_RECURRING","price":` + price + `}]}`
	}
	usd := func(v float64) fabric.Price { return fabric.Price{Monthly: &v, Currency: "USD"} }
	for _, tt := range []struct {
		name, body string
		want       fabric.Price
		fault      string // path in the error
	}{
		{"one", `{"data":[` + entry(1, "500.5", "USD") + `]}`, usd(500.5), ""},
		{"free", `{"data":[` + entry(1, "0", "USD") + `]}`, usd(0), ""},
		{"text", `{"data":[` + entry(1, `"500"`, "USD") + `]}`, usd(500), ""},
		{"the shortest term", `{"data":[` + entry(3, "400", "USD") + "," + entry(1, "500", "USD") + "," + entry(2, "450", "USD") + `]}`, usd(500), ""},
		{"the same twice", `{"data":[` + entry(1, "5", "USD") + "," + entry(1, "5", "USD") + `]}`, usd(5), ""},
		{"two charges", `{"data":[{"currency":"USD","charges":[{"type":"MONTHLY_RECURRING","price":5},{"type":"MONTHLY_RECURRING","price":2}]}]}`, usd(7), ""},
		{"of another product", `{"data":[{"type":"VIRTUAL_CONNECTION_PRODUCT","currency":"USD","charges":[{"type":"MONTHLY_RECURRING","price":5}]}]}`, fabric.Price{}, ""},
		{"nothing recurring", `{"data":[{"currency":"USD","charges":[{"type":"NON_RECURRING","price":5}]}]}`, fabric.Price{}, ""},
		{"none", `{"data":[]}`, fabric.Price{}, ""},
		{"no list", `{}`, fabric.Price{}, "data"},
		{"two prices", `{"data":[` + entry(1, "5", "USD") + "," + entry(1, "6", "USD") + `]}`, fabric.Price{}, "data[1]"},
		{"two currencies", `{"data":[` + entry(1, "5", "USD") + "," + entry(1, "5", "EUR") + `]}`, fabric.Price{}, "data[1]"},
		{"no currency", `{"data":[` + entry(1, "5", "") + `]}`, fabric.Price{}, "data[0].currency"},
		{"below 0", `{"data":[` + entry(1, "-5", "USD") + `]}`, fabric.Price{}, "data[0].charges[1].price"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newClient(t, always(200, tt.body)).PortPrice(t.Context(), id("p"))
			checkPrice(t, got, err, tt.want, tt.fault)
		})
	}
}

func TestPricesV3(t *testing.T) {
	list := func(local, remote string) string {
		return `{"currency":"CHF","originMetro":"GV","priceList":[{"connectionType":"localConnection","prices":[` + local + `]},{"connectionType":"remoteConnection","prices":[{"speedBillingTier":"50","price":"1"},` + remote + `]}]}`
	}
	chf := func(v float64) fabric.Price { return fabric.Price{Monthly: &v, Currency: "CHF"} }
	const tier = `{"speedBillingTier":"1000","price":"1280.0"}`
	for _, tt := range []struct {
		name, metro, body string
		want              fabric.Price
		fault             string
	}{
		{"remote", "SV", list(`{"speedBillingTier":"1000","price":"7"}`, tier), chf(1280), ""},
		{"local", "GV", list(`{"speedBillingTier":"1000","price":"0"}`, tier), chf(0), ""},
		{"another speed", "SV", list("", `{"speedBillingTier":"500","price":"580.0"}`), fabric.Price{}, ""},
		{"nonsense", "SV", list("", `{"speedBillingTier":"1000","price":null}`), fabric.Price{}, "priceList[1].prices[1].price"},
		{"two", "SV", list("", tier+`,{"speedBillingTier":1000,"price":1}`), fabric.Price{}, "priceList[1].prices[2]"},
		{"empty", "SV", `{}`, fabric.Price{}, "priceList"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := gbit
			p.ZMetro = tt.metro
			a := &api{answer: func(_ int, r *http.Request) (*http.Response, error) {
				if want := base + "/ecx/v3/l2/connections/prices?customSpeeds=1000&destinationMetro=" + tt.metro + "&portUUID=" + id("p"); r.URL.String() != want {
					t.Errorf("%s\nwant %s", r.URL, want)
				}
				return reply(200, tt.body)
			}}
			got, err := newClient(t, a).ConnectionPriceV3(t.Context(), p)
			checkPrice(t, got, err, tt.want, tt.fault)
		})
	}
}

func checkPrice(t *testing.T, got fabric.Price, err error, want fabric.Price, fault string) {
	t.Helper()
	e, decoded := errors.AsType[*fabric.DecodeError](err)
	if (err != nil) != (fault != "") || fault != "" && (!decoded || e.Path != fault) {
		t.Fatalf("error %v, want one at %q", err, fault)
	}
	if diff := cmp.Diff(want, got); err == nil && diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
