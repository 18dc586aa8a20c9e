package fabrictest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const pricesSearch = "/fabric/v4/prices/search"

type price struct {
	Currency   string
	TermLength int
	Charges    []struct {
		Type  string
		Price float64
	}
	Port, Connection map[string]any
}

// onDemand is the monthly price without a term, and its currency; "none" without one.
func onDemand(prices []price) string {
	for _, p := range prices {
		for _, charge := range p.Charges {
			if p.TermLength <= 1 && charge.Type == "MONTHLY_RECURRING" {
				return fmt.Sprint(charge.Price, " ", p.Currency)
			}
		}
	}
	return "none"
}

// priceBody is a search for a product: property, value, property, value.
func priceBody(properties ...string) string {
	var and []map[string]any
	for pair := range slices.Chunk(properties, 2) {
		if pair[1] != "" {
			and = append(and, map[string]any{"property": pair[0], "operator": "=", "values": pair[1:]})
		}
	}
	body, _ := json.Marshal(map[string]any{"filter": map[string]any{"and": and}}) // strings
	return string(body)
}

func portByUUID(uuid string) string {
	return priceBody("/type", "VIRTUAL_PORT_PRODUCT", "/port/uuid", uuid)
}

// connectionProduct is the search for the product of a connection; more are further properties.
func connectionProduct(bandwidth, port, toMetro string, more ...string) string {
	return priceBody(append([]string{
		"/type", "VIRTUAL_CONNECTION_PRODUCT", "/connection/type", "EVPL_VC", "/connection/bandwidth", bandwidth,
		"/connection/aSide/accessPoint/type", "COLO", "/connection/aSide/accessPoint/port/uuid", port,
		"/connection/zSide/accessPoint/type", "COLO", "/connection/zSide/accessPoint/location/metroCode", toMetro,
	}, more...)...)
}

func (c *client) prices(body string) []price {
	c.t.Helper()
	var page struct {
		Pagination struct{ Total int }
		Data       []price
	}
	c.decode(&page, "POST", pricesSearch, body)
	if page.Pagination.Total != len(page.Data) || page.Data == nil {
		c.t.Errorf("%d of %d prices", len(page.Data), page.Pagination.Total)
	}
	return page.Data
}

func truth(api *fabrictest.API, uuid string) string {
	if monthly, currency, ok := api.PriceTruth(uuid); ok {
		return fmt.Sprint(monthly, " ", currency)
	}
	return "none"
}

func TestPricesOfPorts(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	want := map[string]string{
		fabrictest.DemoPrimary: "1250 USD", fabrictest.DemoSecondary: "1250 USD", fabrictest.DemoLAG: "3594.5 EUR",
		fabrictest.DemoEdgePrimary: "18700 USD", fabrictest.DemoEdgeSecondary: "18700 USD", fabrictest.DemoDown: "1137.5 EUR",
		fabrictest.DemoSaturated: "1687.5 SGD", fabrictest.DemoIdle: "594 SGD", fabrictest.DemoProvisioning: "none",
		fabrictest.DemoCrowded: "2500 USD", fabrictest.DemoStringly: "66000 JPY", fabrictest.DemoUnknownState: "none",
	}
	byUUID, byProperties, asked := map[string]string{}, map[string]string{}, map[string]string{}
	for _, p := range api.Fleet().Ports {
		if p.Foreign {
			if got := truth(api, p.UUID); got != "none" {
				t.Errorf("a foreign port costs %s", got)
			}
			continue
		}
		byUUID[p.Name] = onDemand(c.prices(portByUUID(p.UUID)))
		byProperties[p.Name] = onDemand(c.prices(priceBody(
			"/type", "VIRTUAL_PORT_PRODUCT", "/account/accountNumber", "270001", "/port/location/ibx", p.IBX, "/port/type", "XF_PORT",
			"/port/bandwidth", strconv.FormatInt(p.Capacity(), 10), "/port/settings/buyout", strconv.FormatBool(p.Package != "STANDARD"),
			"/port/serviceType", "EPL", "/port/connectivitySource/type", "COLO", "/port/lag/enabled", strconv.FormatBool(len(p.Links) > 1),
		)))
		asked[p.Name] = truth(api, p.UUID)
	}
	for how, got := range map[string]map[string]string{"by UUID": byUUID, "by properties": byProperties, "the truth": asked} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", how, diff)
		}
	}
}

// Every connection of the demo is searched for as v4 lists it, and as v3 does.
func TestPricesOfConnections(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	kinds := map[string]int{}
	for _, conn := range api.Fleet().Connections {
		want := truth(api, conn.UUID)
		var profile string
		if conn.ZSide.Type == "SP" {
			_, answer := c.do("GET", "/fabric/v4/connections/"+conn.UUID, "")
			_, after, _ := strings.Cut(answer, "serviceProfiles/")
			profile, _, _ = strings.Cut(after, `"`)
		}
		body := priceBody("/type", "VIRTUAL_CONNECTION_PRODUCT", "/connection/type", conn.Type,
			"/connection/bandwidth", strconv.FormatInt(conn.Bandwidth, 10),
			"/connection/aSide/accessPoint/type", conn.ASide.Type, "/connection/aSide/accessPoint/port/uuid", conn.ASide.Port,
			"/connection/zSide/accessPoint/type", conn.ZSide.Type, "/connection/zSide/accessPoint/location/metroCode", conn.ZSide.Metro,
			"/connection/zSide/accessPoint/profile/uuid", profile)
		if status, answer := c.do("POST", pricesSearch, body); status != http.StatusOK {
			if want != "none" || status != http.StatusBadRequest {
				t.Errorf("%s: %d %s, want %s", conn.Name, status, answer, want)
			}
			kinds["refused"]++
			continue
		}
		prices := c.prices(body)
		if got := onDemand(prices); got != want {
			t.Errorf("%s: %s, want %s", conn.Name, got, want)
		}
		speed := strconv.FormatInt(conn.Bandwidth, 10)
		v3 := c.pricesV3(conn.ASide.Port, conn.ZSide.Metro, speed)
		kind := "localConnection"
		if conn.ASide.Metro != conn.ZSide.Metro {
			kind = "remoteConnection"
		}
		if got := v3.price(kind, speed); got != want {
			t.Errorf("%s: %s in v3, want %s", conn.Name, got, want)
		}
		switch {
		case len(prices) == 0:
			kinds["not for sale"]++
		case want == "none":
			kinds["paid once"]++
		case strings.HasPrefix(want, "0 "):
			kinds["free"]++
		case len(prices) > 1:
			kinds["with terms"]++
		default:
			kinds[kind+" "+prices[0].Currency]++
		}
	}
	for _, kind := range []string{
		"refused", "not for sale", "paid once", "free", "with terms", "localConnection USD", "localConnection EUR",
		"localConnection SGD", "localConnection JPY",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no connection is of the kind %q: %v", kind, kinds)
		}
	}
}

func TestPriceDocuments(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoIdle)
	for name, tc := range map[string]struct{ body, want string }{
		"port": {portByUUID(id), `{"pagination":{"offset":0,"limit":1,"total":1,"next":null,"previous":null},"data":[
			{"type":"VIRTUAL_PORT_PRODUCT","code":"ECX00001.PROD","name":"Equinix Fabric Port Product","account":{"accountNumber":400042},
			"charges":[{"type":"NON_RECURRING","price":135},{"type":"MONTHLY_RECURRING","price":594}],"currency":"SGD",
			"port":{"uuid":"` + id + `","type":"XF_PORT","location":{"ibx":"SY4"},"bandwidth":1000,"settings":{"buyout":false},
			"connectivitySource":{"type":"COLO"},"lag":{"enabled":false}}}]}`},
		"connection": {connectionProduct("500", id, "SG"), `{"pagination":{"offset":0,"limit":1,"total":1,"next":null,"previous":null},"data":[` +
			connectionDoc(id, "500", "1255.5", "") + `]}`},
		"terms": {connectionProduct("1000", id, "SG"), `{"pagination":{"offset":0,"limit":4,"total":4,"next":null,"previous":null},"data":[` +
			connectionDoc(id, "1000", "2042.55", "36") + `,` + connectionDoc(id, "1000", "2162.7", "24") + `,` +
			connectionDoc(id, "1000", "2282.85", "12") + `,` + connectionDoc(id, "1000", "2403", "1") + `]}`},
	} {
		status, got := c.do("POST", pricesSearch, tc.body)
		if diff := cmp.Diff(decoded(t, tc.want), decoded(t, got)); diff != "" || status != http.StatusOK {
			t.Errorf("%s: %d (-want +got)\n%s", name, status, diff)
		}
	}
}

func connectionDoc(port, bandwidth, price, term string) string {
	if term != "" {
		term = `"termLength":` + term + `,`
	}
	return `{"type":"VIRTUAL_CONNECTION_PRODUCT","code":"ECX00015.PROD","name":"Equinix Fabric Virtual Connection Product",` +
		`"account":{"accountNumber":400042},"charges":[{"type":"MONTHLY_RECURRING","price":` + price + `}],"currency":"SGD",` + term +
		`"connection":{"type":"EVPL_VC","bandwidth":` + bandwidth + `,"aSide":{"accessPoint":{"type":"COLO","location":{"metroCode":"SY"},` +
		`"port":{"uuid":"` + port + `","settings":{"buyout":false}}}},"zSide":{"accessPoint":{"type":"COLO","location":{"metroCode":"SG"}}}}}`
}

func decoded(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// A buyout pays for local connections, not for the way to another metro.
func TestPricesOnABuyoutPort(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoCrowded)
	local, remote := onDemand(c.prices(connectionProduct("200", id, "DA"))), onDemand(c.prices(connectionProduct("200", id, "NY")))
	byMetro := func(buyout string) string {
		return onDemand(c.prices(connectionProduct("200", "", "NY",
			"/connection/aSide/accessPoint/location/metroCode", "DA", "/connection/aSide/accessPoint/port/settings/buyout", buyout)))
	}
	got := []string{local, remote, byMetro("true"), byMetro("false"), byMetro("")}
	if diff := cmp.Diff([]string{"0 USD", "400 USD", "400 USD", "600 USD", "600 USD"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPriceRefusals(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoPrimary)
	good := connectionProduct("100", id, "SV")
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `x`, 400, `"filter has invalid format"`},
		{"a number as value", strings.Replace(good, `"100"`, `100`, 1), 400, `"filter has invalid format"`},
		{"null as value", strings.Replace(good, `"100"`, `null`, 1), 400, `"/connection/bandwidth has invalid format"`},
		{"no number", strings.Replace(good, `"100"`, `"100 Mbit/s"`, 1), 400, `"/connection/bandwidth has invalid format"`},
		{"no value", strings.Replace(good, `"100"`, ``, 1), 400, `"/connection/bandwidth has invalid format"`},
		{"two ports", strings.Replace(good, `"`+id+`"`, `"a","b"`, 1), 400, `"/connection/aSide/accessPoint/port/uuid has invalid format"`},
		{"operator", strings.Replace(good, `"="`, `">"`, 1), 400, `has invalid format`},
		{"empty filter", `{}`, 400, `"/type is required"`},
		{"no type", priceBody("/port/uuid", id), 400, `"/type is required"`},
		{"another product", priceBody("/type", "IP_BLOCK_PRODUCT"), 400, `"/type has invalid format"`},
		{"unknown property", priceBody("/type", "VIRTUAL_PORT_PRODUCT", "/port/colour", "red"), 400, `"/port/colour has invalid format"`},
		{"port without speed", priceBody("/type", "VIRTUAL_PORT_PRODUCT", "/port/location/ibx", "DA1", "/port/type", "XF_PORT",
			"/port/connectivitySource/type", "COLO"), 400, `"/port/bandwidth is required"`},
		{"unknown port", portByUUID("x"), 400, `"/port/uuid does not exist"`},
		{"foreign port", portByUUID(uuid(t, api, fabrictest.DemoForeign)), 400, `"/port/uuid does not exist"`},
		{"connection without a begin", connectionProduct("100", "", "SV"), 400, `"/connection/aSide/accessPoint/location/metroCode is required"`},
		{"provider without profile", strings.Replace(good, `zSide/accessPoint/type","values":["COLO"]`, `zSide/accessPoint/type","values":["SP"]`, 1),
			400, `"/connection/zSide/accessPoint/profile/uuid is required"`},
		{"unknown profile", connectionProduct("100", id, "SV", "/connection/zSide/accessPoint/profile/uuid", "x"),
			400, `"/connection/zSide/accessPoint/profile/uuid does not exist"`},
		{"unknown end", connectionProduct("100", id, "SV", "/connection/aSide/accessPoint/type", "SUBNET"), 400, `accessPoint/type has invalid format`},
		{"two products in one", connectionProduct("100", id, "SV", "/port/bandwidth", "1000"), 500, `"EQ-3038030"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := *c
			c.t = t
			c.wantError(tc.status, tc.want, "POST", pricesSearch, tc.body)
			if tc.status == http.StatusBadRequest {
				c.wantError(tc.status, `"EQ-3038010"`, "POST", pricesSearch, tc.body)
			}
		})
	}
	if got := c.prices(connectionProduct("100", id, "XX")); len(got) != 0 {
		t.Errorf("a connection to nowhere costs %v", got)
	}
}

type priceList struct {
	Currency, OriginMetro, DestinationMetro string
	PriceList                               []struct {
		ProductName, ConnectionType string
		Prices                      []struct{ SpeedBillingTier, Price string }
	}
}

func (c *client) pricesV3(port, metro, speeds string) (l priceList) {
	c.t.Helper()
	c.decode(&l, "GET", "/ecx/v3/l2/connections/prices?customSpeeds="+speeds+"&destinationMetro="+metro+"&portUUID="+port, "")
	return l
}

// price is written as truth does.
func (l priceList) price(kind, speed string) string {
	for _, row := range l.PriceList {
		for _, p := range row.Prices {
			if row.ConnectionType == kind && p.SpeedBillingTier == speed {
				amount, err := strconv.ParseFloat(p.Price, 64)
				if err != nil {
					return err.Error()
				}
				return fmt.Sprint(amount, " ", l.Currency)
			}
		}
	}
	return "none"
}

func TestPricesV3(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	got := c.pricesV3(uuid(t, api, fabrictest.DemoStringly), "SV", "50,100,25000,60000,x")
	want := `{JPY TY SV [` +
		`{Equinix Fabric Service Provider Product localConnection [{50 15000.0} {500 52500.0} {1000 75000.0} ` +
		`{2000 120000.0} {5000 210000.0} {10000 300000.0} {100 22500.0} {25000 525000.0}]} ` +
		`{Equinix Fabric Remote Connection Product remoteConnection [{50 49500.0} {200 90000.0} {500 139500.0} {1000 267000.0} ` +
		`{2000 442500.0} {5000 951750.0} {10000 1557000.0} {100 69000.0} {25000 2775000.0}]}]}`
	if diff := cmp.Diff(want, fmt.Sprint(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	free := c.pricesV3(uuid(t, api, fabrictest.DemoCrowded), "DA", "")
	if len(free.PriceList) != 1 || free.PriceList[0].Prices[0].Price != "0" || free.Currency != "USD" {
		t.Errorf("in the metro of a port with unlimited connections: %v", free)
	}
}

func TestPricesV3Refusals(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	for query, want := range map[string]string{
		"destinationMetro=SV": "portUUID", "portUUID=x&destinationMetro=SV": "portUUID",
		"portUUID=" + uuid(t, api, fabrictest.DemoPrimary):                           "destinationMetro",
		"destinationMetro=XX&portUUID=" + uuid(t, api, fabrictest.DemoPrimary):       "destinationMetro",
		"destinationMetro=SV&portUUID=" + uuid(t, api, fabrictest.DemoForeign) + "#": "portUUID",
	} {
		path := "/ecx/v3/l2/connections/prices?" + query
		c.wantError(http.StatusBadRequest, "IC-LAYER2-400", "GET", path, "")
		c.wantError(http.StatusBadRequest, `"property":"`+want+`"`, "GET", path, "")
	}
}

// Prices can be gone, counted and broken like any other call, also for a single port.
func TestPriceCallsBreakAsOthersDo(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	a, b := uuid(t, api, fabrictest.DemoPrimary), uuid(t, api, fabrictest.DemoSecondary)
	calls := map[string]func(port string) (int, string){
		fabrictest.OpSearchPrices: func(port string) (int, string) {
			return c.do("POST", pricesSearch, connectionProduct("50", port, "SV"))
		},
		fabrictest.OpPricesV3: func(port string) (int, string) {
			return c.do("GET", "/ecx/v3/l2/connections/prices?destinationMetro=SV&portUUID="+port, "")
		},
	}
	for op, call := range calls {
		if _, err := api.SwitchOn(fabrictest.Switch{Fault: "http-503", Port: fabrictest.DemoPrimary}); err != nil {
			t.Fatal(err)
		}
		broken, _ := call(a)
		sound, _ := call(b)
		api.SwitchOff(0)
		api.SetGone(op)
		gone, answer := call(a)
		api.SetGone()
		again, _ := call(a)
		if got := fmt.Sprint(broken, sound, gone, again); got != "503 200 404 200" || !strings.Contains(answer, "no apiproduct match") {
			t.Errorf("%s: %s %s", op, got, answer)
		}
		if n := api.Count(op); n != 4 {
			t.Errorf("%s: %d calls", op, n)
		}
	}
	c.token = ""
	if status, _ := calls[fabrictest.OpSearchPrices](a); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
}
