package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	dto "github.com/prometheus/client_model/go"
)

func TestMinimalAPIEveryNumber(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "secret", clientSecret+"\n")
	for _, c := range []struct {
		name        string
		env         env
		credentials []string
	}{
		{"credentials in the environment", inEnv, nil},
		{"secret in a file", nil, []string{"client_id: " + clientID, "client_secret_file: secret"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
			config := write(t, dir, "config.yml", fixtureConfig(api, c.credentials...))
			began := time.Now()
			x := startRun(t, c.env, config)
			base := x.url(t)
			full(t, base, 1) // the mistyped uuid
			families := scrapeOnce(t, base)
			if diff := cmp.Diff(wantMinimal(api.newest), stateOf(families), cmpopts.EquateApprox(1e-12, 0)); diff != "" {
				t.Errorf("series (-want +got):\n%s", diff)
			}
			timely(t, families, began)
			testAPICalls(t, api, base)
			page := mustAsk(t, http.MethodGet, base+"/", nil)
			freeOfSecrets(t, "the landing page", string(page.body), clientSecret, token)
			freeOfSecrets(t, "the log", x.stderr.String(), clientSecret, token)
		})
	}
}

// stateOf is everything exported of the fleet and the accounts, without the
// times of polls and the counts of calls.
func stateOf(families map[string]*dto.MetricFamily) samples {
	return values(families, func(name string) bool {
		name, ours := strings.CutPrefix(name, prefix)
		return ours && !strings.HasPrefix(name, "api_") && !slices.Contains(times, name) && name != "exporter_build_info"
	})
}

// times are the families of points in time at which the exporter did something.
var times = []string{
	"port_poll_last_success_timestamp_seconds", "token_expiry_timestamp_seconds",
	"config_last_reload_success_timestamp_seconds",
}

// timely checks the points in time of an exporter that was started at began.
func timely(t *testing.T, families map[string]*dto.MetricFamily, began time.Time) {
	t.Helper()
	// Three ports, a token, a reading of the configuration.
	got := values(families, func(name string) bool { return slices.Contains(times, strings.TrimPrefix(name, prefix)) })
	if len(got) != 5 {
		t.Errorf("want 5 points in time, got %v", got)
	}
	for name, v := range got {
		earliest, latest := began, time.Now()
		if strings.HasPrefix(name, prefix+"token_expiry") {
			const life = 3599 * time.Second
			earliest, latest = earliest.Add(life), latest.Add(life)
		}
		at := time.UnixMilli(int64(v * 1000))
		if at.Before(earliest.Add(-time.Millisecond)) || at.After(latest) {
			t.Errorf("%s is %v, want %v to %v", name, at, earliest, latest)
		}
	}
}

// testAPICalls holds what the exporter says of its calls against what the API
// has seen of them. Polls come when their time has come, so the two may differ
// for a moment.
func testAPICalls(t *testing.T, api *minimalAPI, base string) {
	t.Helper()
	routes := map[string]string{
		"token": "POST /oauth2/v1/token", "v3_port_stats": "GET /ecx/v3/stats/port/{uuid}",
		"v4_connections_search": "POST /fabric/v4/connections/search",
	}
	var families map[string]*dto.MetricFamily
	eventually(t, func() error {
		seen := api.counts()
		if seen[routes["token"]] != 1 || seen[routes["v4_connections_search"]] < 2 || seen[routes["v3_port_stats"]] < 4*2 {
			return fmt.Errorf("want one login, two pages of connections, four ports in two windows; got %v", seen)
		}
		families = scrapeOnce(t, base)
		said := map[string]int{}
		for _, m := range families[prefix+"api_requests_total"].GetMetric() {
			said[routes[label(m, "operation")]] += int(m.GetCounter().GetValue())
		}
		if !maps.Equal(seen, said) {
			return fmt.Errorf("calls by route: %v, by operation: %v", seen, said)
		}
		return nil
	})
	errors := values(families, only(prefix+"api_errors_total"))
	maps.DeleteFunc(errors, func(_ string, v float64) bool { return v == 0 })
	want := []string{ // the mistyped port, and the inventory that the API has not
		prefix + `api_errors_total{account="default",operation="v3_port_stats",reason="not_found"}`,
		prefix + `api_errors_total{account="default",operation="v3_user_ports",reason="not_found"}`,
		prefix + `api_errors_total{account="default",operation="v4_ports",reason="not_found"}`,
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(errors))); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}
