package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// diagnosis is what doctor writes as JSON.
type diagnosis struct {
	Checks []struct {
		Account *string `json:"account"`
		Check   string  `json:"check"`
		Status  string  `json:"status"`
		Object  *string `json:"object"`
		Detail  string  `json:"detail"`
		Remedy  *string `json:"remedy"`
	} `json:"checks"`
	Summary struct {
		OK   int `json:"ok"`
		Warn int `json:"warn"`
		Fail int `json:"fail"`
		Skip int `json:"skip"`
	} `json:"summary"`
}

// has reports whether a check ended in that way, for an object that begins
// like this.
func (d *diagnosis) has(check, status, object string) bool {
	for _, c := range d.Checks {
		if c.Check == check && c.Status == status && (object == "" || c.Object != nil && *c.Object == object) {
			return true
		}
	}
	return false
}

// diagnose decodes what is JSON and nothing else.
func diagnose(t *testing.T, stdout string) *diagnosis {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	var d diagnosis
	if err := decoder.Decode(&d); err != nil {
		t.Fatalf("%v:\n%s", err, stdout)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		t.Errorf("something follows the JSON: %v", err)
	}
	return &d
}

func TestDoctorOfAHealthyAPI(t *testing.T) {
	t.Parallel()
	demo, _ := startDemo(t)
	api := demo.find(t, &demo.stdout, simulated)
	const secret = "demo-secret" // as the demo announces it
	config := write(t, t.TempDir(), "config.yml", "accounts: [{api_url: "+api+", discover: {enabled: true}}]\n")
	credentials := env{"EQUINIX_API_CLIENTID=demo-client", "EQUINIX_API_CLIENTSECRET=" + secret}

	x := start(t, credentials, "doctor", "--config.file="+config)
	if code := x.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	for _, want := range []string{"\nok    default  credentials ", "\nok    default  traffic_source  v3 has data", " 0 fail, 0 skip\n"} {
		if !strings.Contains(x.stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, x.stdout.String())
		}
	}
	y := start(t, credentials, "doctor", "--config.file="+config, "-o", "json", "--log.level=debug")
	if code := y.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	d := diagnose(t, y.stdout.String())
	for _, check := range []string{"configuration", "credentials", "ports", "discover", "traffic_source", "samples", "connections", "clock", "budget"} {
		if !d.has(check, "ok", "") {
			t.Errorf("%s is not ok: %+v", check, d.Checks)
		}
	}
	if d.Summary.Fail != 0 || d.Summary.Skip != 0 {
		t.Errorf("summary %+v", d.Summary)
	}
	if x.stderr.String() != "" || !strings.Contains(y.stderr.String(), "level=DEBUG") {
		t.Errorf("logged %q and %q", x.stderr.String(), y.stderr.String())
	}
	for _, o := range []*exporter{x, y} {
		freeOfSecrets(t, "doctor", o.stdout.String()+o.stderr.String(), secret, "sim-00") // the tokens of the demo
	}
}

// The minimal API lists no ports, and one of them is mistyped.
func TestDoctorOfAFailingAPI(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	dir := t.TempDir()
	secret := write(t, dir, "secret", clientSecret+"\n")
	config := write(t, dir, "config.yml", fixtureConfig(api, "client_id: "+clientID, "client_secret_file: "+secret))
	x := start(t, nil, "doctor", "--config.file="+config, "--output=json")
	if code := x.wait(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	d := diagnose(t, x.stdout.String())
	for _, want := range []struct{ check, status, object string }{
		{"credentials", "ok", ""}, {"ports", "fail", ""}, {"visibility", "skip", ""}, {"traffic_source", "ok", "v3"},
		{"samples", "fail", typoUUID}, {"connections", "ok", ""}, {"clock", "ok", ""}, {"budget", "ok", ""},
	} {
		if !d.has(want.check, want.status, want.object) {
			t.Errorf("no %v in %s", want, x.stdout.String())
		}
	}
	if said := x.stderr.String(); said != fmt.Sprintf("equinix_fabric_exporter: %d checks failed\n", d.Summary.Fail) {
		t.Errorf("said %q", said)
	}
	freeOfSecrets(t, "doctor", x.stdout.String()+x.stderr.String(), clientSecret, token)
}

// Five refused logins in a row lock the account.
func TestDoctorLogsInOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body) // what cannot be read is not echoed
		reply(w, http.StatusBadRequest, map[string]string{"errorCode": "S1006", "errorMessage": "Login Failure: " + string(body)})
	}))
	t.Cleanup(api.Close)
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(&minimalAPI{Server: api}, inFile...))
	x := start(t, nil, "doctor", "--config.file="+config)
	if code := x.wait(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls, want one login", n)
	}
	if out := x.stdout.String(); !strings.Contains(out, "\nfail  default  credentials ") || !strings.Contains(out, "S1006") {
		t.Errorf("wrote\n%s", out)
	}
	freeOfSecrets(t, "doctor", x.stdout.String()+x.stderr.String(), clientSecret)
}

func TestDoctorIsInterrupted(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 10)
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the caller go
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(api.Close)
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(&minimalAPI{Server: api}, inFile...))
	x := start(t, nil, "doctor", "--config.file="+config, "-o", "json")
	<-asked
	if err := x.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := x.wait(t); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if d := diagnose(t, x.stdout.String()); !d.has("credentials", "skip", "") || !strings.Contains(x.stderr.String(), "interrupted") {
		t.Errorf("wrote %s, said %s", x.stdout.String(), x.stderr.String())
	}
}

func TestDoctorRefusesABrokenConfiguration(t *testing.T) {
	t.Parallel()
	for _, b := range brokenFiles[:2] {
		config := write(t, t.TempDir(), "config.yml", b.content)
		x := start(t, nil, "doctor", "--config.file="+config)
		if code := x.wait(t); code != 1 || x.stdout.String() != "" {
			t.Errorf("%s: exit code %d, wrote %s", b.name, code, x.stdout.String())
		}
		refusal(t, x.stderr.String(), config, b.want)
		y := start(t, nil, "doctor", "--config.file="+config, "-o", "json")
		if code := y.wait(t); code != 1 {
			t.Errorf("%s: exit code %d", b.name, code)
		}
		if d := diagnose(t, y.stdout.String()); !d.has("configuration", "fail", b.paths()[0]) {
			t.Errorf("%s: wrote %s", b.name, y.stdout.String())
		}
	}
}
