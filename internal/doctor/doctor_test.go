package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
)

// A login, a listing, ten ports for each source, the pages of connections.
func TestCallsAreFew(t *testing.T) {
	for _, tt := range []struct {
		api  *fabrictest.API
		want map[string]int
	}{
		{fabrictest.New(fabrictest.Options{}), map[string]int{
			fabrictest.OpToken: 1, fabrictest.OpPorts: 1, fabrictest.OpPortStatsV3: 10, fabrictest.OpSearchConnections: 2,
		}},
		{metricsOnly(fabrictest.Options{}), map[string]int{
			fabrictest.OpToken: 1, fabrictest.OpPorts: 1, fabrictest.OpPortStatsV3: 8, fabrictest.OpPortStatsV4: 8, fabrictest.OpSearchMetrics: 8,
			fabrictest.OpSearchStreamAssets: 1, fabrictest.OpSearchConnections: 1,
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, _ = examine(t, tt.api.Transport(), account(discovery))
			got := map[string]int{}
			for _, r := range tt.api.Requests() {
				got[r.Op]++
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
		})
	}
}

func TestBudgetOfTheAccountIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		began := time.Now()
		if _, err := examine(t, api.Transport(), account(discovery+"api: {requests_per_second: 1, burst: 1}\n")); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took, least := time.Since(began), time.Duration(api.Count("")-2)*time.Second; took < least {
			t.Errorf("%d calls in %v", api.Count(""), took)
		}
	})
}

func TestAccountsHarmNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		classic, metrics, lab := fabrictest.New(fabrictest.Options{}), metricsOnly(fabrictest.Options{}), fabrictest.New(fabrictest.Options{})
		classic.Inject(fabrictest.Fault{Delay: time.Hour})
		began := time.Now()
		r, err := examine(t, byHost(map[string]*fabrictest.API{
			"classic.example.com": classic, "metrics.example.com": metrics, "lab.example.com": lab,
		}), sick)
		if err == nil {
			t.Error("no error")
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %v", took)
		}
		var accounts []string
		for _, c := range r.of("credentials") {
			accounts = append(accounts, c.Account+" "+c.Status)
		}
		if got := strings.Join(accounts, ", "); got != "classic fail, metrics ok, lab fail" {
			t.Error(got)
		}
		r.wants(t, "credentials", "fail", "no answer within 30s", "firewall")
		r.wants(t, "traffic_source", "ok", "v4-metrics has data")
		if n := lab.Count(fabrictest.OpToken); n != 1 {
			t.Errorf("%d logins with a wrong secret", n)
		}
	})
}

// The report comes in time, and says which call hung.
func TestTimeout(t *testing.T) {
	for op, at := range map[string]string{
		fabrictest.OpToken: "credentials", fabrictest.OpPorts: "ports", fabrictest.OpPortStatsV3: "traffic_source",
		fabrictest.OpSearchConnections: "connections", fabrictest.OpSearchStreamAssets: "attachment",
	} {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{})
				if at == "attachment" {
					api = metricsOnly(fabrictest.Options{})
				}
				api.Inject(fabrictest.Fault{Op: op, Delay: time.Hour})
				o := options(t, api.Transport(), account(discovery))
				o.Timeout = 10 * time.Second
				began := time.Now()
				r, err := run(t.Context(), t, o)
				if err == nil || err.Error() != "1 check failed" {
					t.Errorf("Run: %v", err)
				}
				if took := time.Since(began); took < o.Timeout || took > o.Timeout+3*time.Second {
					t.Errorf("took %v", took)
				}
				r.wants(t, at, "fail", "no answer within the 10s of --timeout", "raise --timeout")
				if at != "connections" {
					r.only(t, "connections", "skip")
				}
			})
		})
	}
}

// A source that is gone is no fault if the time ends while the next one is asked.
func TestTimeoutAfterASourceThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Gone: []string{fabrictest.OpPortStatsV3}})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV4, Delay: time.Hour})
		o := options(t, api.Transport(), account(discovery+"api: {timeout: 5m}\n"))
		o.Timeout = 150 * time.Second
		r, err := run(t.Context(), t, o)
		if err == nil || err.Error() != "1 check failed" {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "traffic_source", "ok", "fail")
		r.wants(t, "traffic_source", "ok", "v3 is gone; auto goes on")
		r.wants(t, "traffic_source", "fail", "v4-stats: no answer within the 2m30s of --timeout")
	})
}

// If the time runs out, the report names the latest failure as well.
func TestTimeoutOfAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, Status: 429, Body: "{}", Header: map[string][]string{"Retry-After": {"300"}}})
		r, err := examine(t, api.Transport(), account(discovery))
		if err == nil {
			t.Error("no error")
		}
		r.wants(t, "traffic_source", "fail", "no answer within the 2m of --timeout; the latest failure: v3_port_stats: HTTP 429")
		r.wants(t, "connections", "skip", "no time was left")
	})
}

// The doctor does not wait for calls that the budget allows only after the timeout, also
// if earlier calls failed.
func TestTimeoutOfTheBudget(t *testing.T) {
	for _, status := range []int{0, 403} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			if status != 0 {
				api.Inject(refusal(fabrictest.OpPortStatsV3, "", status, "EQ-3142402"))
			}
			r, err := examine(t, api.Transport(), account(discovery+"api: {requests_per_second: 0.01, burst: 6}\n"))
			if err == nil || err.Error() != "1 check failed" {
				t.Errorf("Run: %v", err)
			}
			r.wants(t, "traffic_source", "fail", "--timeout")
			r.only(t, "connections", "skip")
			r.only(t, "budget", "warn")
		})
	}
}

func TestInterrupt(t *testing.T) {
	for op, at := range map[string]string{fabrictest.OpToken: "credentials", fabrictest.OpPortStatsV3: "traffic_source"} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			api.Inject(fabrictest.Fault{Op: op, Delay: time.Hour})
			ctx, stop := context.WithCancel(t.Context())
			defer time.AfterFunc(5*time.Second, stop).Stop()
			began := time.Now()
			r, err := run(ctx, t, options(t, api.Transport(), account(discovery)))
			if err == nil || !strings.Contains(err.Error(), "interrupted") {
				t.Errorf("Run: %v", err)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("took %v", took)
			}
			r.wants(t, at, "skip", "interrupted")
			r.only(t, "connections", "skip")
		})
	}
}

func TestFaultyConfiguration(t *testing.T) {
	text := "accounts:\n  - client_id: a\n    client_secret: s3cr3t\n    ports: [{uuid: mistyped}]\npol: {}\n"
	o := options(t, nil, text)
	_, want := o.Load()
	r, err := run(t.Context(), t, o)
	if err == nil || err.Error() != want.Error() {
		t.Errorf("Run: %v, want %v", err, want)
	}
	r.only(t, "configuration", "fail", "fail")
	r.wants(t, "configuration", "fail", "accounts[0].ports[0].uuid", "test.yml:4: ", `"mistyped" is not a UUID`)
	o.Format = "text"
	var out bytes.Buffer
	if err := doctor.Run(t.Context(), o, &out); err == nil || err.Error() != want.Error() || out.Len() > 0 {
		t.Errorf("Run: %v, wrote %s", err, out.String())
	}
	o.Format, o.Load = "json", func() (*config.Config, error) { return nil, errors.New("no such file") }
	r, err = run(t.Context(), t, o)
	if err == nil {
		t.Error("no error")
	}
	r.wants(t, "configuration", "fail", "no such file")
	o.Format = "csv"
	if err := doctor.Run(t.Context(), o, &out); err == nil || !strings.Contains(err.Error(), "csv") {
		t.Errorf("Run: %v", err)
	}
}

func TestWarningsOfTheConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(), account(discovery)+"poll: {interval: 1h}\n")
		if err != nil {
			t.Error(err)
		}
		r.only(t, "configuration", "ok", "warn")
		r.wants(t, "configuration", "warn", "poll.interval", "expire between two polls")
	})
}

// Every key is in every record; null is what does not apply.
func TestJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		lag := portOf(t, api, fabrictest.DemoLAG)
		api.EditPort(lag, func(p *fabrictest.Port) { p.Name = "\x1b]0;pwned\a <jdoe@example.com>\u202e" })
		api.Inject(refusal(fabrictest.OpPortStatsV3, lag, 403, "EQ-1"))
		var out bytes.Buffer
		err := doctor.Run(t.Context(), options(t, api.Transport(), account(listing(lag, portOf(t, api, fabrictest.DemoPrimary)))), &out)
		if err == nil {
			t.Error("no error")
		}
		var got struct{ Checks []map[string]any }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		for _, c := range got.Checks {
			if len(c) != 6 {
				t.Errorf("%d keys: %v", len(c), c)
			}
			for _, key := range []string{"account", "check", "status", "object", "detail", "remedy"} {
				v, is := c[key]
				if text, _ := v.(string); !is || v != nil && text == "" {
					t.Errorf("%s is %v: %v", key, v, c)
				}
			}
		}
		if account := got.Checks[0]["account"]; account != nil {
			t.Errorf("the configuration is of account %v", account)
		}
		if text := out.String(); !strings.Contains(text, "\ufffd]0;pwned\ufffd <[e-mail]>\ufffd: v3_port_stats: HTTP 403") ||
			strings.Contains(text, `\u001b`) || strings.Contains(text, "example.com") {
			t.Errorf("wrote %s", text)
		}
	})
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestReportThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, format := range doctor.Formats() {
			o := options(t, fabrictest.New(fabrictest.Options{}).Transport(), account(discovery))
			o.Format = format
			if err := doctor.Run(t.Context(), o, broken{}); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}

// If nothing was checked, it is an error, although no check failed.
func TestATimeoutThatLeavesChecksOutIsNoHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		o := options(t, api.Transport(), account(discovery))
		for _, o.Timeout = range []time.Duration{0, -time.Second} {
			if err := doctor.Run(t.Context(), o, io.Discard); err == nil || !strings.Contains(err.Error(), "leaves no time") {
				t.Errorf("--timeout %v: %v", o.Timeout, err)
			}
		}
		o.Timeout = time.Nanosecond
		r, err := run(t.Context(), t, o)
		if err == nil {
			t.Error("no check was made, and all is well")
		}
		r.only(t, "connections", "skip")
	})
}
