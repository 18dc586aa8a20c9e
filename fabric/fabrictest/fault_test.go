package fabrictest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// overBoth runs a test in memory and over a loopback connection.
func overBoth(t *testing.T, test func(*testing.T, *fabrictest.API, *client)) {
	t.Run("memory", func(t *testing.T) {
		api, c := newClient(t, fabrictest.Options{})
		test(t, api, c)
	})
	t.Run("loopback", func(t *testing.T) {
		api, c := newClient(t, fabrictest.Options{})
		srv := httptest.NewServer(api)
		t.Cleanup(srv.Close)
		c.http, c.base = srv.Client(), srv.URL
		test(t, api, c)
	})
}

func TestFaultAnswers(t *testing.T) {
	overBoth(t, func(t *testing.T, api *fabrictest.API, c *client) {
		for _, f := range []fabrictest.Fault{
			{Times: 1, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}},
			{Times: 1, Status: http.StatusInternalServerError, Body: fabrictest.BodyQuotaViolation},
			{Times: 1, Body: fabrictest.BodyHTML},
			{Times: 1, Handler: func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.WriteHeader(http.StatusTeapot)
				w.Write(body)
			}},
		} {
			f.Op = fabrictest.OpSearchPorts
			api.Inject(f)
		}
		c.do("GET", "/fabric/v4/ports", "") // not hit
		var got []string
		for range 5 {
			status, body := c.do("POST", "/fabric/v4/ports/search", `{}`)
			got = append(got, http.StatusText(status)+" "+body[:min(len(body), 15)])
		}
		want := []string{
			"Too Many Requests ", `Internal Server Error {"error_code":"`, "OK <!DOCTYPE html>", "I'm a teapot {}", `OK {"pagination":{`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestFaultHeaders(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	api.Inject(fabrictest.Fault{Status: 429, Header: http.Header{"retry-after": {"7"}}, Times: 1})
	resp, err := c.http.Get(c.base + "/fabric/v4/ports")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestFaultBreaksConnections(t *testing.T) {
	overBoth(t, func(t *testing.T, api *fabrictest.API, c *client) {
		remove := api.Inject(fabrictest.Fault{Drop: true})
		if status, _, err := c.try("POST", "/fabric/v4/ports/search", "{}"); !errors.Is(err, io.EOF) {
			t.Errorf("drop: status %d, error %v", status, err)
		}
		remove()
		api.Inject(fabrictest.Fault{Truncate: true, Times: 1})
		status, body, err := c.try("GET", "/fabric/v4/ports", "")
		if status != http.StatusOK || !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(body, `{"pagination"`) {
			t.Errorf("truncate: status %d, %d bytes, error %v", status, len(body), err)
		}
	})
}

func TestFaultMatchesUUID(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	broken, sound := uuid(t, api, fabrictest.DemoPrimary), uuid(t, api, fabrictest.DemoSecondary)
	api.Inject(fabrictest.Fault{UUID: broken, Status: http.StatusNotFound, Body: fabrictest.BodyGatewayFault})
	c.wantError(http.StatusNotFound, "fault", "GET", "/fabric/v4/ports/"+broken, "")
	c.wantError(http.StatusNotFound, "fault", "GET", statsV3(broken, now.Add(-day), now), "")
	if status, _ := c.do("GET", statsV3(sound, now.Add(-day), now), ""); status != http.StatusOK {
		t.Errorf("the other port got %d", status)
	}
}

func TestFaultsOfPoints(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	id := uuid(t, api, fabrictest.DemoPrimary)
	read := func(f fabrictest.Fault) (a answerV3) {
		remove := api.Inject(f)
		defer remove()
		c.decode(&a, "GET", statsV3(id, now.Add(-day), now), "")
		return a
	}
	want := read(fabrictest.Fault{}).inbound()

	if got := read(fabrictest.Fault{EmptyPoints: true}); len(got.InboundStats) != 0 || got.InboundMax != nil {
		t.Errorf("empty: %d points, max %v", len(got.InboundStats), got.InboundMax)
	}
	got := read(fabrictest.Fault{Shuffle: true}).inbound()
	byTime := func(a, b fabrictest.Sample) int { return a.End.Compare(b.End) }
	if len(got) <= len(want) || slices.IsSortedFunc(got, byTime) {
		t.Errorf("shuffled: %d points of %d, in order", len(got), len(want))
	}
	slices.SortFunc(got, byTime)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("shuffled, then sorted (-want +got)\n%s", diff)
	}
}

func TestDelayRespectsTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, c := newClient(t, fabrictest.Options{Now: time.Now})
		api.Inject(fabrictest.Fault{Delay: time.Minute})
		start := time.Now()
		if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK || time.Since(start) != time.Minute {
			t.Errorf("status %d after %v", status, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, "GET", c.base+"/fabric/v4/ports", nil)
		start = time.Now()
		resp, err := c.http.Do(r)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
	})
}

// The status and the headers come before the body, in memory too.
func TestBodiesComeInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api, c := newClient(t, fabrictest.Options{Now: time.Now})
		get := func(fault string) *http.Response {
			t.Helper()
			if _, err := api.SwitchOn(fabrictest.Switch{Fault: fault, Path: "/fabric/v4/health"}); err != nil {
				t.Fatal(err)
			}
			defer api.SwitchOff(0)
			resp, err := c.http.Get(c.base + "/fabric/v4/health")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(resp, err)
			}
			return resp
		}
		start := time.Now()
		slow := get("slow-body")
		if since := time.Since(start); since != 0 {
			t.Errorf("slow-body: the headers come after %v", since)
		}
		if n, err := io.Copy(io.Discard, slow.Body); err != nil || time.Since(start) != time.Duration(n-1)*time.Second {
			t.Errorf("slow-body: %d bytes after %v, error %v", n, time.Since(start), err)
		}
		for fault, want := range map[string]int64{"huge-body": 200 << 20, "gzip-bomb": 10 << 20} {
			resp := get(fault)
			n, err := io.Copy(io.Discard, resp.Body)
			if err != nil || resp.ContentLength != -1 || n < want/2 || n > 2*want {
				t.Errorf("%s: %d bytes, announced %d, error %v", fault, n, resp.ContentLength, err)
			}
		}
	})
}

func TestRequestsKeepNoSecrets(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{RequestLog: 3})
	api.ResetRequests()
	c.login()
	c.do("GET", "/fabric/v4/ports?name=x", "")
	want := []fabrictest.Request{
		{
			Time: now, Op: fabrictest.OpToken, Method: "POST", Path: "/oauth2/v1/token", Status: 200,
		},
		{Time: now, Op: fabrictest.OpPorts, Method: "GET", Path: "/fabric/v4/ports", Query: "name=x", Status: 200},
	}
	if diff := cmp.Diff(want, api.Requests()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	api.Inject(fabrictest.Fault{Drop: true, Times: 1})
	c.try("POST", "/fabric/v4/ports/search", "{}")
	c.do("GET", "/nowhere", "")
	got := api.Requests()
	if len(got) != 3 || got[0].Op != fabrictest.OpPorts || got[1].Status != 0 || got[2].Op != fabrictest.OpUnknown {
		t.Errorf("the newest three are %+v", got)
	}
	if n := api.Count(""); n != 4 {
		t.Errorf("counted %d; want 4, the dropped one included", n)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, ln) }()
	c.http, c.base = http.DefaultClient, "http://"+ln.Addr().String()
	if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestAPIIsSafeForConcurrentUse(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{RequestLog: 10})
	id := uuid(t, api, fabrictest.DemoPrimary)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				c.try("GET", "/fabric/v4/ports", "")
				c.try("GET", statsV4(id, now.Add(-time.Hour), now), "")
				c.try("POST", connectionsSearch, "{}")
				api.Requests()
			}
		})
		wg.Go(func() {
			for range 20 {
				api.SetOperationalStatus(id, fabrictest.StatusDown)
				api.EditPort(id, func(p *fabrictest.Port) { p.State = "INACTIVE" })
				api.SetOperationalStatus(id, fabrictest.StatusUp)
				api.AddConnection(fabrictest.Connection{UUID: "c"})
				api.RemoveConnection("c")
				api.Inject(fabrictest.Fault{EmptyPoints: true, Times: 1})
				api.Fleet()
			}
		})
	}
	wg.Wait()
}
