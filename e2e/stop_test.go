package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An API that takes calls and answers none must not keep the exporter from
// serving, nor from stopping.
func TestStopsWhileTheAPIHangs(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 100)
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-t.Context().Done() // the request's ends only where its body was read
	}))
	t.Cleanup(api.Close)
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(&minimalAPI{Server: api}, inFile...))
	x := startRun(t, nil, config)
	base := x.url(t)
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("the API is not asked")
	}
	for path, want := range map[string]int{
		"/-/healthy": http.StatusOK, "/-/ready": http.StatusServiceUnavailable, "/metrics": http.StatusOK, "/": http.StatusOK,
	} {
		if a := mustAsk(t, http.MethodGet, base+path, nil); a.status != want {
			t.Errorf("%s: %d %s, want %d", path, a.status, a.body, want)
		}
	}
	end(t, x, syscall.SIGTERM, 0)
	if log := strings.TrimSpace(x.stderr.String()); !strings.Contains(log[strings.LastIndex(log, "\n")+1:], "msg=stopped") {
		t.Errorf("the last line of the log is not that it stopped:\n%s", log)
	}
}
