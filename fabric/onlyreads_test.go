package fabric

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unreachable fails the test of whoever sends anything.
type unreachable struct{ t *testing.T }

func (u unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	u.t.Errorf("%s %s is sent", r.Method, r.URL.Path)
	return nil, http.ErrNotSupported
}

// Nothing but the reads leaves the wire, whatever part of the client asks.
func TestWireRefusesWhatIsNoRead(t *testing.T) {
	w, err := newWire("https://api.example.com", unreachable{t}, "", time.Second, func(a Attempt) {
		t.Errorf("%s counts as an attempt", a.Op)
	})
	if err != nil {
		t.Fatal(err)
	}
	const connection = "/fabric/v4/connections/3a58dd05-f46d-4b1d-a154-2e85c396ea62"
	for _, r := range []request{
		{op: OpConnectionStatsV4, method: http.MethodDelete, path: connection},
		{op: OpConnectionStatsV4, method: http.MethodPatch, path: connection},
		{op: OpConnectionStatsV4, method: http.MethodPost, path: connection + "/stats"},
		{op: OpSearchConnections, method: http.MethodPost, path: "/fabric/v4/connections"},
		{op: OpSearchConnections, method: http.MethodPost, path: connection + "/actions"},
		{op: OpSearchStreamAssets, method: http.MethodPut, path: "/fabric/v4/streams/x/ports/y"},
		{op: OpPorts, method: http.MethodPost, path: "/fabric/v4/ports"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/x/y"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/.."},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/."},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/%2e%2E"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/x%2fy"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/x%5Cy"},
		{op: OpPort, method: http.MethodGet, path: `/fabric/v4/ports/x\y`},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/ports/x;y"},
		{op: OpPort, method: http.MethodGet, path: "/fabric/v4/./ports/x"},
		{op: OpPortStatsV4, method: http.MethodGet, path: "/fabric/v4/ports/../stats?x=/fabric/v4/ports/x/stats"},
		{op: OpToken, method: http.MethodPost, path: "/oauth2/v1/refreshaccesstoken"},
		{op: "delete_connection", method: http.MethodDelete, path: connection},
		{op: "", method: http.MethodPost, path: ""},
	} {
		err := w.exchange(t.Context(), r, credential{}, 0)
		if err == nil || !strings.Contains(err.Error(), "not among the reads") || Reason(err) != ReasonClient || retryable(r.op, err) {
			t.Errorf("%s %s: %v", r.method, r.path, err)
		}
	}
	// The table itself reads: every POST is a search, or the login.
	for op, r := range reads {
		if writes := r.method != http.MethodGet && !strings.HasSuffix(r.path, "/search") && op != OpToken; writes {
			t.Errorf("%s %s writes", r.method, r.path)
		}
	}
	if len(reads) != len(Operations()) {
		t.Errorf("%d reads for %d operations", len(reads), len(Operations()))
	}
}

// The wire is the one way out: no other file of the client sends or makes a
// request.
func TestOnlyTheWireSends(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "wire.go" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []string{".RoundTrip(", "http.NewRequest", "http.Client", "http.Post", "http.Get(", "http.DefaultClient", "MethodPut", "MethodPatch", "MethodDelete"} {
			if strings.Contains(string(text), way) {
				t.Errorf("%s: %s", name, way)
			}
		}
	}
}
