package capture_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/capture"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
)

// transport is a RoundTripper made of a function.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// answer is a transport that answers with a JSON text.
func answer(status int, body string) transport {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"session=s3cr3t"}, "Retry-After": {"60"}},
			Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

// files are the files of an archive by name.
func files(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for tr := tar.NewReader(zip); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		content, reading := io.ReadAll(tr)
		if err != nil || reading != nil {
			t.Fatal(err, reading)
		}
		got[h.Name] = string(content)
	}
}

// archive is what a recorder writes for one account.
func archive(t *testing.T, r *capture.Recorder, cfg *config.Config) (content []byte, replaced string) {
	t.Helper()
	var out bytes.Buffer
	replaced, err := r.Write(&out, "1.2.3", cfg)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), replaced
}

// kept is what the archive has of an answer to a GET of the path.
func kept(t *testing.T, path string, status int, body string) (file, replaced string) {
	t.Helper()
	var r capture.Recorder
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.equinix.com"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.Wrap(1, answer(status, body)).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); string(got) != body || err != nil {
		t.Errorf("the caller got %s, %v", got, err)
	}
	content, replaced := archive(t, &r, &config.Config{Accounts: []config.Account{{}}})
	for name, text := range files(t, content) {
		if strings.HasPrefix(name, "account-1/0001-GET") {
			return text, replaced
		}
	}
	t.Fatal("the call is not in the archive")
	return "", ""
}

func TestWhatIsReplaced(t *testing.T) {
	for _, tc := range []struct{ name, body, want, replaced string }{
		{
			"names, numbers of accounts and what nobody knows yet, the same value alike",
			`{"name":"ACME-FRA-1","alias":"ACME-FRA-1","accountNumber":400042,"billing":"400042","colour":"RED","weight":12.5,"on":true,"none":null}`,
			`{"name":"name-1","alias":"name-1","accountNumber":900002,"billing":"900002","colour":"colour-3","weight":0,"on":true,"none":null}`,
			"accountNumber 1, alias 1, billing 1, colour 1, name 1, weight 1",
		},
		{
			"states, times, UUIDs, places and rates stay, as they are spelled",
			`{"state":"ACTIVE","uuid":"C791f8cb-0000-4000-8000-0000000000aa","time":"2026-01-02T03:04:05.678Z","ibx":"SV5","bandwidth":"10000","mean":1.0e3,"mean":2}`,
			`{"state":"ACTIVE","uuid":"C791f8cb-0000-4000-8000-0000000000aa","time":"2026-01-02T03:04:05.678Z","ibx":"SV5","bandwidth":"10000","mean":1.0e3,"mean":2}`,
			"",
		},
		{
			"a state that is an address is none",
			`{"state":"jane.doe@example.com"}`, `{"state":"state-1"}`, "state 1",
		},
		{
			"names of metrics stay, their values and summaries too; a text called value does not",
			`{"name":"equinix.fabric.port.bandwidth_rx.usage","summary":"{\"mean\":1.5,\"max\":2}","datapoints":[{"value":107}],"additionalInfo":[{"key":"accessKey","value":"123456789012"},{"value":123456789012}]}`,
			`{"name":"equinix.fabric.port.bandwidth_rx.usage","summary":"{\"mean\":1.5,\"max\":2}","datapoints":[{"value":107}],"additionalInfo":[{"key":"key-1","value":"900000000002"},{"value":900000000002}]}`,
			"key 1, value 1",
		},
		{
			"of sentences only the phrases stay that mean something to the exporter",
			`[{"errorCode":"EQ-3000039","errorMessage":"User jane.doe of BMW AG from 203.0.113.7, key AKIAABCDEFGHIJ"},{"errorCode":"S1006","errorMessage":"Login Failure of jane.doe","error_code":"500","error_message":"QuotaViolation"}]`,
			`[{"errorCode":"EQ-3000039","errorMessage":"errorMessage-1"},{"errorCode":"S1006","errorMessage":"Login Failure","error_code":"500","error_message":"QuotaViolation"}]`,
			"errorMessage 1",
		},
		{
			"kept members with something else in them",
			`{"state":"10.1.2.3","code":"Jane Doe","errorCode":"eyJhbGciOi.t0k3n.x","uuid":"400042","time":"tomorrow","operator":"ACME-1","mean":"400042"}`,
			`{"state":"state-1","code":"code-2","errorCode":"errorCode-3","uuid":"900004","time":"time-5","operator":"operator-6","mean":"400042"}`,
			"code 1, errorCode 1, operator 1, state 1, time 1, uuid 1",
		},
		{
			"a service token, with which who knows it can connect",
			`{"aSide":{"serviceToken":{"href":"https://api.equinix.com/fabric/v4/serviceTokens/c791f8cb-0000-4000-8000-0000000000aa","uuid":"c791f8cb-0000-4000-8000-0000000000aa","type":"VC_TOKEN"}}}`,
			`{"aSide":{"serviceToken":{"href":"href-1","uuid":"uuid-2","type":"type-3"}}}`,
			"href 1, type 1, uuid 1",
		},
		{
			"members that are data",
			`{"jane@example.com":1,"Globex":2,"limits":{"400042":true}}`, `{"member-1":92,"member-3":94,"limits":{"900005":true}}`, "member 3, member-1 1, member-3 1",
		},
		{
			"links to the API stay, others do not",
			`{"href":"https://api.equinix.com/fabric/v4/ports/c791f8cb-0000-4000-8000-0000000000aa","next":"https://api.equinix.com/fabric/v4/ports?offset=100&limit=100","previous":"https://proxy.acme.example/x","metroHref":"/accounts/400042"}`,
			`{"href":"https://api.equinix.com/fabric/v4/ports/c791f8cb-0000-4000-8000-0000000000aa","next":"https://api.equinix.com/fabric/v4/ports?limit=100\u0026offset=100","previous":"previous-1","metroHref":"/path-2/900003"}`,
			"path 2, previous 1",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, replaced := kept(t, "/fabric/v4/ports", 200, tc.body)
			var e struct {
				Answer struct{ Body json.RawMessage }
			}
			var compact bytes.Buffer
			if err := errors.Join(json.Unmarshal([]byte(text), &e), json.Compact(&compact, e.Answer.Body)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, compact.String()); diff != "" {
				t.Errorf("body (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tc.replaced, replaced); diff != "" {
				t.Errorf("replaced (-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatIsKeptOfACall(t *testing.T) {
	text, _ := kept(t, "/acmecorp/fabric/v4/ports/ACME-1?name=ACME-1&limit=100", 502, "<html>proxy of jane@example.com</html>")
	want := `{
 "request": {
  "method": "GET",
  "path": "/fabric/v4/ports/path-1",
  "query": {
   "limit": [
    "100"
   ],
   "name": [
    "path-1"
   ]
  }
 },
 "answer": {
  "status": 502,
  "header": {
   "Content-Type": [
    "application/json"
   ],
   "Retry-After": [
    "60"
   ]
  },
  "body_left_out": "38 bytes that are not JSON"
 }
}
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAnswerThatBreaksOff holds the recorder to passing on what came, and why no
// more did.
func TestAnswerThatBreaksOff(t *testing.T) {
	var r capture.Recorder
	broken := errors.New("connection reset by 10.0.0.1")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.equinix.com/fabric/v4/ports", nil)
	resp, err := r.Wrap(1, transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"data":[`), failing{broken}))}, nil
	})).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); string(got) != `{"data":[` || !errors.Is(err, broken) {
		t.Errorf("the caller got %q, %v", got, err)
	}
	for _, err := range []error{context.DeadlineExceeded, broken} {
		if _, got := r.Wrap(1, transport(func(*http.Request) (*http.Response, error) { return nil, err })).RoundTrip(req); !errors.Is(got, err) {
			t.Errorf("the caller got %v, want %v", got, err)
		}
	}
	content, _ := archive(t, &r, &config.Config{Accounts: []config.Account{{}}})
	text := fmt.Sprint(files(t, content))
	for _, want := range []string{"9 bytes that are not JSON", `"error": "timeout"`, `"error": "no answer"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the archive lacks %s", want)
		}
	}
	if strings.Contains(text, "10.0.0.1") {
		t.Error("an address of the network is in the archive")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// estate is a simulated API for each host, and the configuration that asks them.
type estate struct {
	apis   map[string]*fabrictest.API
	cfg    *config.Config
	tokens *sync.Map // that were sent
}

func newEstate(t *testing.T) estate {
	t.Helper()
	fleet, legacy := fabrictest.DemoMetrics(1), fabrictest.Demo(2) // which speaks only v3
	fleet.Connections = append(fleet.Connections, fabrictest.OnNoPort(1)...)
	legacy.Connections = append(legacy.Connections, fabrictest.OnNoPort(2)...)
	e := estate{tokens: new(sync.Map), apis: map[string]*fabrictest.API{
		"classic.example": fabrictest.New(fabrictest.Options{}),
		"legacy2.example": fabrictest.New(fabrictest.Options{Seed: 2, Fleet: &legacy, Gone: []string{
			fabrictest.OpPorts, fabrictest.OpPort, fabrictest.OpPortStatsV4, fabrictest.OpSearchConnections,
			fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics, fabrictest.OpSearchStreamAssets,
		}}),
		"metrics.example": fabrictest.New(fabrictest.Options{
			Fleet: &fleet, Gone: []string{fabrictest.OpUserPortsV3, fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4, fabrictest.OpConnectionStatsV4},
		}),
	}}
	var text strings.Builder
	fmt.Fprintln(&text, "accounts:")
	for _, host := range []string{"classic.example", "metrics.example", "legacy2.example"} {
		fmt.Fprintf(&text, "  - {name: Northwind %s, api_url: 'https://%s', client_id: %s, client_secret: %s, discover: {enabled: true}, connections: {traffic: true, all: %t}}\n",
			host[:7], host, fabrictest.DemoClientID, fabrictest.DemoClientSecret, host != "classic.example")
	}
	fmt.Fprintln(&text, "api: {requests_per_second: 1000, burst: 100}")
	cfg, err := config.Parse("test.yml", []byte(text.String()), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	e.cfg = cfg
	return e
}

func (e estate) RoundTrip(r *http.Request) (*http.Response, error) {
	e.tokens.Store(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), true)
	resp, err := e.apis[r.URL.Hostname()].Transport().RoundTrip(r)
	if err == nil {
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // as a server does
	}
	return resp, err
}

// examine runs doctor over a configuration, and returns status and check of each
// finding: the details name ports.
func examine(t *testing.T, cfg *config.Config, via http.RoundTripper, wrap func(int, http.RoundTripper) http.RoundTripper) []string {
	t.Helper()
	var out bytes.Buffer
	_ = doctor.Run(t.Context(), doctor.Options{ // it fails for what the demo has wrong
		Load: func() (*config.Config, error) { return cfg, nil }, Transport: via, Wrap: wrap,
		Format: "json", Timeout: time.Minute, Log: slog.New(slog.DiscardHandler),
	}, &out)
	var report struct {
		Checks []struct{ Check, Status string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Checks {
		got = append(got, c.Status+" "+c.Check)
	}
	return got
}

// TestDoctorOnAReplayFindsTheSame captures what doctor asks of the demo's accounts,
// looks for what must not be in the file, and lets doctor ask the replay.
func TestDoctorOnAReplayFindsTheSame(t *testing.T) {
	e := newEstate(t)
	var calls capture.Recorder
	found := examine(t, e.cfg, e, calls.Wrap)
	if len(found) < 20 {
		t.Fatalf("doctor found %q", found)
	}
	content, replaced := archive(t, &calls, e.cfg)
	if !strings.HasPrefix(replaced, "name 3") || !strings.Contains(replaced, "accountNumber 3") {
		t.Errorf("says that it replaced %s", replaced)
	}
	wantNothingPrivate(t, e, files(t, content))

	file := filepath.Join(t.TempDir(), "capture.tar.gz")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	replay, err := capture.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- replay.Run(ctx) }()
	cfg, err := replay.Config()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(found, examine(t, cfg, nil, nil)); diff != "" {
		t.Errorf("doctor on the replay (-captured +replayed)\n%s", diff)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// wantNothingPrivate looks in all files for what names or opens, in each spelling.
func wantNothingPrivate(t *testing.T, e estate, files map[string]string) {
	t.Helper()
	private := map[string]bool{}
	for _, p := range []string{fabrictest.DemoClientID, fabrictest.DemoClientSecret, "Northwind", "not-for-your-eyes", "@", "example.com", "jdoe", "PO-1001", "classic.example"} {
		private[p] = true
	}
	for _, api := range e.apis {
		for _, p := range api.Fleet().Ports {
			private[p.Name], private[fmt.Sprint(p.AccountNumber)], private[fmt.Sprint(p.OrgID)], private[p.ProjectID] = true, true, true, true
			for _, l := range p.Links {
				private[l.CrossConnect] = true
			}
		}
		for _, c := range api.Fleet().Connections {
			if c.ZSide.Token {
				private[c.ZSide.UUID] = true
			}
			private[c.Name], private[c.ASide.Name], private[c.ZSide.Name], private[c.ZSide.Profile] = true, true, true, true
		}
	}
	for token := range e.tokens.Range {
		private[token.(string)] = true
	}
	delete(private, "")
	var all strings.Builder
	for name, text := range files {
		all.WriteString(name + text)
	}
	for p := range private {
		_, err := strconv.Atoi(p)
		spellings := []string{p, url.QueryEscape(p)}
		for _, front := range []string{"", "x", "xx"} { // in base64 a text depends on what stands before it
			if text := base64.RawStdEncoding.EncodeToString([]byte(front + p)); len(text) > 14 {
				spellings = append(spellings, text[4:len(text)-2])
			}
		}
		for _, spelling := range spellings {
			found := strings.Contains(all.String(), spelling)
			if found && err == nil { // a number, and not some digits of a rate?
				found = regexp.MustCompile(`[^\d.]` + p + `[^\d.]`).MatchString(all.String())
			}
			if found {
				t.Errorf("%s is in the archive", spelling)
			}
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	var empty capture.Recorder
	whole, _ := archive(t, &empty, &config.Config{Accounts: []config.Account{{}}})
	none, _ := archive(t, &empty, &config.Config{})
	for name, tc := range map[string]struct {
		content []byte
		want    string
	}{
		"no archive":  {[]byte("accounts: []"), "gzip"},
		"half of one": {whole[:len(whole)/2], "unexpected EOF"},
		"of another":  {none, "not written by doctor --capture"},
	} {
		file := filepath.Join(t.TempDir(), "x.tar.gz")
		if err := os.WriteFile(file, tc.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := capture.Open(t.Context(), file); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
