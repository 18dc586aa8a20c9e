package fabric_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// reads are all requests that the client may send, by operation: a GET, a
// search, or the login.
var reads = map[string]string{
	fabric.OpToken:              "POST /oauth2/v1/token",
	fabric.OpUserPortsV3:        "GET /ecx/v3/port/userport",
	fabric.OpPortStatsV3:        "GET /ecx/v3/stats/port/{uuid}",
	fabric.OpPorts:              "GET /fabric/v4/ports",
	fabric.OpPort:               "GET /fabric/v4/ports/{uuid}",
	fabric.OpPortStatsV4:        "GET /fabric/v4/ports/{uuid}/stats",
	fabric.OpSearchConnections:  "POST /fabric/v4/connections/search",
	fabric.OpSearchMetrics:      "POST /fabric/v4/metrics/search",
	fabric.OpSearchStreamAssets: "POST /fabric/v4/streamAssets/search",
	fabric.OpBuyerConnectionsV3: "GET /ecx/v3/l2/buyer/connections",
	fabric.OpConnectionStatsV4:  "GET /fabric/v4/connections/{uuid}/stats",
	fabric.OpSearchPrices:       "POST /fabric/v4/prices/search",
	fabric.OpPricesV3:           "GET /ecx/v3/l2/connections/prices",
}

// opOf is the operation of each exported method of the client, "" if it sends
// nothing.
var opOf = map[string]string{
	"BuyerConnectionsV3": fabric.OpBuyerConnectionsV3,
	"ClockSkew":          "",
	"ConnectionMetrics":  fabric.OpSearchMetrics,
	"ConnectionPrice":    fabric.OpSearchPrices,
	"ConnectionPriceV3":  fabric.OpPricesV3,
	"ConnectionStats":    fabric.OpConnectionStatsV4,
	"Connections":        fabric.OpSearchConnections,
	"Format":             "",
	"Port":               fabric.OpPort,
	"PortConnections":    fabric.OpSearchConnections,
	"PortMetrics":        fabric.OpSearchMetrics,
	"PortPrice":          fabric.OpSearchPrices,
	"PortStatsV3":        fabric.OpPortStatsV3,
	"PortStatsV4":        fabric.OpPortStatsV4,
	"Ports":              fabric.OpPorts,
	"StreamAssets":       fabric.OpSearchStreamAssets,
	"UserPortsV3":        fabric.OpUserPortsV3,
}

// Whatever is asked of it, and whatever the API answers, the client changes
// nothing at Equinix, and what is not a UUID never becomes part of a path.
func TestClientOnlyReads(t *testing.T) {
	client := reflect.TypeFor[*fabric.Client]()
	var methods []string
	for m := range client.Methods() {
		methods = append(methods, m.Name)
	}
	if want := slices.Sorted(maps.Keys(opOf)); !slices.Equal(methods, want) {
		t.Fatalf("the client has the methods\n%v\nand the table\n%v", methods, want)
	}
	for name, op := range opOf {
		for _, status := range []int{200, 401, 403, 404} {
			for _, asset := range []string{portA, "..", ".", "%2e%2E", "x%2fy", `x\y`, "", portA + "/actions", portA + "?x=y"} {
				t.Run(fmt.Sprintf("%s of %q, %d", name, asset, status), func(t *testing.T) {
					r := &recorder{status: status}
					s := newSource(t, r)
					c := newClient(t, r, retries(1), func(c *fabric.Config) { c.Tokens = s })
					callGenerically(t, reflect.ValueOf(c).MethodByName(name), asset)
					for _, sent := range r.sent() {
						if sent != reads[op] && sent != reads[fabric.OpToken] {
							t.Errorf("sends %s", sent)
						}
					}
					if op != "" && asset == portA && !slices.Contains(r.sent(), reads[op]) {
						t.Errorf("sends %v, not %s", r.sent(), reads[op])
					}
				})
			}
		}
	}
}

// The exchange is the one way out: no other file of the client makes or sends a
// request, and no file knows a method that writes.
func TestOnlyTheExchangeSends(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ways := []string{"http.Client", "http.Post", "http.Get(", "http.DefaultClient", "MethodPut", "MethodPatch", "MethodDelete"}
		if name != "http.go" {
			ways = append(ways, ".RoundTrip(", "http.NewRequest")
		}
		for _, way := range ways {
			if strings.Contains(string(text), way) {
				t.Errorf("%s: %s", name, way)
			}
		}
	}
}

// recorder notes what is sent, with the generic argument as {uuid}.
type recorder struct {
	status int // of all but logins
	mu     sync.Mutex
	seen   []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(req.URL.EscapedPath(), "/prefix")
	path = strings.ReplaceAll(path, "/"+portA, "/{uuid}")
	r.mu.Lock()
	r.seen = append(r.seen, req.Method+" "+path)
	r.mu.Unlock()
	if strings.HasSuffix(path, "/token") {
		return reply(200, granted)
	}
	return reply(r.status, `{}`)
}

func (r *recorder) sent() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// callGenerically calls f with arguments made of their types alone, and reads
// what it returns to the end. A string is asset, and after one a view point.
func callGenerically(t *testing.T, f reflect.Value, asset string) {
	t.Helper()
	var args []reflect.Value
	for in := range f.Type().Ins() {
		if n := len(args); n > 0 && in.Kind() == reflect.String && args[n-1].Kind() == reflect.String {
			args = append(args, reflect.ValueOf(fabric.ASide))
			continue
		}
		args = append(args, generic(t, in, asset))
	}
	for _, result := range f.Call(args) {
		if result.Type().CanSeq2() && result.Kind() == reflect.Func {
			for range result.Seq2() {
				continue // to send what there is to send
			}
		}
	}
}

func generic(t *testing.T, typ reflect.Type, asset string) reflect.Value {
	t.Helper()
	switch typ {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(t.Context())
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(from)
	case reflect.TypeFor[fmt.State]():
		return reflect.ValueOf(state{})
	}
	switch typ.Kind() {
	case reflect.String:
		return reflect.ValueOf(asset).Convert(typ)
	case reflect.Slice:
		return reflect.Append(reflect.Zero(typ), generic(t, typ.Elem(), asset))
	case reflect.Func:
		return reflect.MakeFunc(typ, func([]reflect.Value) (results []reflect.Value) {
			for out := range typ.Outs() {
				results = append(results, generic(t, out, asset))
			}
			return results
		})
	case reflect.Pointer:
		return reflect.New(typ.Elem())
	default:
		return reflect.Zero(typ)
	}
}

// state is where Format may write.
type state struct{}

func (state) Write(b []byte) (int, error) { return len(b), nil }
func (state) Width() (int, bool)          { return 0, false }
func (state) Precision() (int, bool)      { return 0, false }
func (state) Flag(int) bool               { return false }

// Answers are full of people and keys: who created what, whom to notify, what
// authorises a connection. What is never decoded can never be shown.
func TestNothingPrivateIsDecoded(t *testing.T) {
	private := regexp.MustCompile(`(?i)mail|notif|changelog|createdby|updatedby|authenticationkey|account|contact|phone|user`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	tags := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			field, ok := n.(*ast.Field)
			if !ok || field.Tag == nil {
				return true
			}
			tags++
			// The ports of a v3 port are called userPorts; they are not people.
			if tag := field.Tag.Value; private.MatchString(tag) && !strings.Contains(tag, `"userPorts"`) {
				t.Errorf("%s decodes %s", name, tag)
			}
			return true
		})
	}
	if tags < 100 {
		t.Errorf("only %d fields were looked at", tags)
	}
}
