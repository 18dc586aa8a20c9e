package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
)

const unknownUUID = "00000000-0000-4000-8000-00000000000f"

// report is the JSON report. TestJSON checks that absent texts are null.
type report struct {
	Checks  []check        `json:"checks"`
	Summary map[string]int `json:"summary"`
}

type check struct {
	Account string `json:"account"`
	Check   string `json:"check"`
	Status  string `json:"status"`
	Object  string `json:"object"`
	Detail  string `json:"detail"`
	Remedy  string `json:"remedy"`
}

// of are the findings of one check.
func (r report) of(name string) []check {
	var found []check
	for _, c := range r.Checks {
		if c.Check == name {
			found = append(found, c)
		}
	}
	return found
}

// wants fails the test unless a check has a finding of that status with these
// words in it, and returns it.
func (r report) wants(t *testing.T, name, status string, words ...string) check {
	t.Helper()
next:
	for _, c := range r.of(name) {
		for _, w := range words {
			if !strings.Contains(c.Object+" | "+c.Detail+" | "+c.Remedy, w) {
				continue next
			}
		}
		if c.Status == status {
			return c
		}
	}
	t.Errorf("no %s of %s says %q: %+v", status, name, words, r.of(name))
	return check{}
}

// only fails the test unless the findings of a check have these statuses.
func (r report) only(t *testing.T, name string, statuses ...string) {
	t.Helper()
	var got []string
	for _, c := range r.of(name) {
		got = append(got, c.Status)
	}
	if strings.Join(got, " ") != strings.Join(statuses, " ") {
		t.Errorf("%s is %q, want %q: %+v", name, got, statuses, r.of(name))
	}
}

// options examine text as the command line does.
func options(t *testing.T, transport http.RoundTripper, text string) doctor.Options {
	t.Helper()
	dir := t.TempDir()
	return doctor.Options{
		Load:      func() (*config.Config, error) { return config.Parse("test.yml", []byte(text), dir, nil) },
		Transport: transport, UserAgent: "test", Format: "json", Timeout: 2 * time.Minute,
		Log: slog.New(slog.DiscardHandler),
	}
}

func examine(t *testing.T, transport http.RoundTripper, text string) (report, error) {
	t.Helper()
	return run(t.Context(), t, options(t, transport, text))
}

// run decodes the JSON strictly.
func run(ctx context.Context, t *testing.T, o doctor.Options) (report, error) {
	t.Helper()
	var out bytes.Buffer
	err := doctor.Run(ctx, o, &out)
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	var r report
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("something follows the report: %v", err)
	}
	failed := 0
	for _, c := range r.Checks {
		if c.Status == "fail" {
			failed++
		}
		if _, name, is := strings.Cut(c.Remedy, "see "); is {
			if name, is = strings.CutSuffix(name, " below"); is && len(r.of(name)) == 0 {
				t.Errorf("points to a check that was not done: %+v", c)
			}
		}
		if c.Detail == "" || c.Status == "fail" && c.Remedy == "" && c.Check != "configuration" {
			t.Errorf("says nothing, or not what to do: %+v", c)
		}
	}
	if r.Summary["fail"] != failed || (err == nil && failed > 0) {
		t.Errorf("%d failed, the summary is %v, the error %v", failed, r.Summary, err)
	}
	return r, err
}

// discovery polls all ports that the credentials see.
const discovery = "    discover: {enabled: true}\n"

// account is a configuration with one account, and whatever else is given.
func account(more string) string {
	return fmt.Sprintf("accounts:\n  - name: prod\n    client_id: %s\n    client_secret: %s\n%s",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret, more)
}

// listing is the ports key with these uuids.
func listing(uuids ...string) string {
	return "    ports: [{uuid: " + strings.Join(uuids, "}, {uuid: ") + "}]\n"
}

func portOf(t *testing.T, api *fabrictest.API, name string) string {
	t.Helper()
	p, ok := api.Fleet().Port(name)
	if !ok {
		t.Fatalf("no port %s", name)
	}
	return p.UUID
}

// wire is a transport made of a function.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// dated is the transport of an API whose clock the local one is ahead of.
func dated(api *fabrictest.API, ahead time.Duration) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := api.Transport().RoundTrip(r)
		if err == nil {
			resp.Header.Set("Date", time.Now().Add(-ahead).UTC().Format(http.TimeFormat))
		}
		return resp, err
	})
}

// byHost leads each host to an API of its own.
func byHost(apis map[string]*fabrictest.API) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		return dated(apis[r.URL.Hostname()], 0).RoundTrip(r)
	})
}

// metricsOnly is the demo's account that has nothing but the metrics API.
func metricsOnly(o fabrictest.Options) *fabrictest.API {
	f := fabrictest.DemoMetrics(0)
	o.Fleet = &f
	o.Gone = append(o.Gone, fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4)
	return fabrictest.New(o)
}

// refusal is an error of the API itself.
func refusal(op, uuid string, status int, code string) fabrictest.Fault {
	return fabrictest.Fault{Op: op, UUID: uuid, Status: status, Body: fmt.Sprintf(`[{"errorCode":%q,"errorMessage":"Refused."}]`, code)}
}

// aged has all connections of an API older than the clock of a synctest bubble:
// younger ones have no traffic yet.
func aged(api *fabrictest.API) *fabrictest.API {
	for _, c := range api.Fleet().Connections {
		api.EditConnection(c.UUID, func(c *fabrictest.Connection) { c.Created = time.Time{} })
	}
	return api
}
