package portlist_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/portlist"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// newDaemon watches all of api, with more lines in its account.
func newDaemon(t *testing.T, api *fabrictest.API, more ...string) *daemon.Daemon {
	t.Helper()
	text := fmt.Sprintf("accounts:\n  - client_id: %s\n    client_secret: %s\n    discover: {enabled: true}\n",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret) + strings.Join(more, "")
	d, err := daemon.New(daemon.Options{
		Load:       func() (*config.Config, error) { return config.Parse("test.yml", []byte(text), t.TempDir(), nil) },
		Registerer: prometheus.NewPedanticRegistry(), Transport: api.Transport(), UserAgent: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// options are those of the command line.
func options() portlist.Options {
	return portlist.Options{Format: "table", Bars: true, Timeout: 2 * time.Minute, Log: slog.New(slog.DiscardHandler)}
}

func print(t *testing.T, d portlist.Daemon, o portlist.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := portlist.Run(t.Context(), d, o, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTableOfTheDemo(t *testing.T) {
	for _, tt := range []struct {
		file string
		bars bool
		more string
	}{{"testdata/bars.txt", true, ""}, {"testdata/no-bars.txt", false, ""}, {"testdata/prices.txt", true, withPrices}} {
		synctest.Test(t, func(t *testing.T) {
			o := options()
			o.Bars = tt.bars
			got := print(t, newDaemon(t, fabrictest.New(fabrictest.Options{}), tt.more), o)
			if *update {
				if err := os.WriteFile(tt.file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			fits(t, got)
		})
	}
}

const withPrices = "    prices: {enabled: true}\n"

func TestPricesAreTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		priced := 0
		for _, p := range decode(t, newDaemon(t, api, withPrices)) {
			var want any
			var currency any
			if monthly, code, ok := api.PriceTruth(p["uuid"].(string)); ok {
				want, currency = monthly, code
				priced++
			}
			if p["monthly_price"] != want || p["currency"] != currency {
				t.Errorf("%s costs %v %v, want %v %v", p["name"], p["monthly_price"], p["currency"], want, currency)
			}
		}
		if priced < 9 {
			t.Errorf("%d ports with a price", priced)
		}
	})
}

// A refusal is an answer; without an answer the list appears when requests time out.
func TestNoPriceHoldsTheListUp(t *testing.T) {
	for _, tt := range []struct {
		fault fabrictest.Fault
		most  time.Duration
	}{
		{fabrictest.Fault{Op: fabrictest.OpSearchPrices, Status: 403}, 10 * time.Second},
		{fabrictest.Fault{Op: fabrictest.OpSearchPrices, Delay: time.Hour}, 2 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(tt.fault)
			began := time.Now()
			got := print(t, newDaemon(t, api, withPrices), options())
			if took := time.Since(began); took > tt.most {
				t.Errorf("took %v", took)
			}
			if strings.Contains(got, "PRICE") || !strings.Contains(got, fabrictest.DemoPrimary) {
				t.Errorf("printed %s", got)
			}
		})
	}
}

func fits(t *testing.T, table string) {
	t.Helper()
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 120 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Where the account has nothing but the metrics API, every port fails until
// that is found.
func TestPortsThatFailUntilTheSourceIsFoundHaveTheirLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.DemoMetrics(0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f, Gone: []string{
			fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4,
		}})
		began := time.Now()
		got := decode(t, newDaemon(t, api))
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("took %v", took)
		}
		for _, p := range got {
			problem, _ := p["problem"].(string)
			switch p["name"] {
			case fabrictest.MetricsDisabled, fabrictest.MetricsUnattached:
				if p["in_last_bits_per_second"] != nil || !strings.HasPrefix(problem, "no metrics stream") {
					t.Errorf("%s: %v", p["name"], p)
				}
			default:
				if p["in_last_bits_per_second"] == nil {
					t.Errorf("%s has no load: %v", p["name"], p)
				}
			}
		}
	})
}

func TestRunFailsWhereNoAccountCanBeRead(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault func(*fabrictest.API)
		want  string
		most  time.Duration
	}{
		{"login refused", func(api *fabrictest.API) { api.SetClientSecret("another") }, "login refused", 10 * time.Second},
		{"no answer", func(api *fabrictest.API) { api.Inject(fabrictest.Fault{Delay: time.Hour}) }, "no answer yet", 2 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			tt.fault(api)
			o := options()
			o.Timeout = 20 * time.Second // less than that of a request
			var out bytes.Buffer
			began := time.Now()
			err := portlist.Run(t.Context(), newDaemon(t, api), o, &out)
			if err == nil || !strings.HasPrefix(err.Error(), `no account could be read: account "default": `) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if took := time.Since(began); took > tt.most {
				t.Errorf("%s: took %v", tt.name, took)
			}
			if out.Len() > 0 {
				t.Errorf("%s: printed %s", tt.name, out.String())
			}
		})
	}
}

func TestTimeoutAndSignalPrintWhatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		name    string
		timeout time.Duration
		signal  time.Duration
	}{{"timeout", 10 * time.Second, time.Hour}, {"signal", time.Hour, 10 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchConnections, Delay: time.Hour})
			ctx, stop := context.WithCancelCause(t.Context())
			defer time.AfterFunc(tt.signal, func() { stop(fmt.Errorf("signal")) }).Stop()
			var out, log bytes.Buffer
			o := options()
			o.Timeout, o.Log = tt.timeout, slog.New(slog.NewTextHandler(&log, nil))
			began := time.Now()
			if err := portlist.Run(ctx, newDaemon(t, api), o, &out); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took != 10*time.Second {
				t.Errorf("%s: took %v", tt.name, took)
			}
			if !strings.Contains(out.String(), fabrictest.DemoPrimary) {
				t.Errorf("%s: printed %s", tt.name, out.String())
			}
			if !strings.Contains(log.String(), "cause="+tt.name) {
				t.Errorf("%s: logged %s", tt.name, log.String())
			}
		})
	}
}

func TestAnAccountThatCannotBeReadIsLoggedWhereAnotherCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := polled(loaded(first, "port", new(1e9), new(1e9)))
		d.snap.Accounts = append(d.snap.Accounts, fleet.Account{
			Name: "lab", InventoryPoll: fleet.Poll{Last: time.Now()}, LoginError: "login refused\x1b[2J",
		})
		var log bytes.Buffer
		o := options()
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		var got strings.Builder
		err := portlist.Run(t.Context(), d, o, &got)
		if !strings.Contains(got.String(), "port") {
			t.Errorf("printed %s", got.String())
		}
		// What is pasted from it would lack an account.
		if err == nil || !strings.Contains(err.Error(), `the list is not complete: account "lab": login refused`) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("error %v", err)
		}
		if got := log.String(); !strings.Contains(got, "lab") || !strings.Contains(got, "login refused") || strings.Contains(got, "\x1b") {
			t.Errorf("logged %q", got)
		}
	})
}
