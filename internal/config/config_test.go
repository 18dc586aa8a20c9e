package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

const day = 24 * time.Hour

func TestParseFillsInDefaults(t *testing.T) {
	want := &config.Config{
		Accounts: []config.Account{{
			Name:          "default",
			APIURL:        "https://api.equinix.com",
			Credentials:   config.Credentials{ClientID: "id-of-env", ClientSecret: "s3cr3t-of-env"},
			TrafficSource: config.TrafficAuto,
			Ports:         []config.Port{{UUID: "c4d9350e-783c-83cd-1ce0-306a5c00a600"}},
			Prices:        config.Prices{Interval: 24 * time.Hour},
			Connections:   config.Connections{Max: 500},
			MaxSeries:     1_000_000,
		}},
		Poll: config.Poll{
			Interval:            5 * time.Minute,
			ConnectionsInterval: 5 * time.Minute,
			InventoryInterval:   15 * time.Minute,
			Windows:             []config.Window{{Resolution: 5 * time.Minute, Span: day, Interval: 5 * time.Minute}},
			StaleIntervals:      5,
		},
		API: config.API{RequestsPerSecond: 5, Burst: 10, Concurrency: 8, Timeout: 30 * time.Second, MaxRetries: 4},
	}
	if diff := cmp.Diff(want, parse(t, minimal)); diff != "" {
		t.Errorf("minimal file (-want +got):\n%s", diff)
	}
}

func TestParseTakesEveryKey(t *testing.T) {
	cfg, err := load("testdata/full.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Accounts: []config.Account{{
			Name:          "amer",
			APIURL:        "http://127.0.0.1:8080/equinix",
			Credentials:   config.Credentials{ClientIDFile: filepath.Join(dir, "id"), ClientSecretFile: filepath.Join(dir, "secret")},
			TrafficSource: config.TrafficV3,
			Ports: []config.Port{
				{UUID: "c4d9350e-783c-83cd-1ce0-306a5c00a600", Name: "uplink 1 ü"},
				{UUID: "a867f685-422f-22f7-6de0-320a5c00abdd"},
			},
			Discover: config.Discover{Enabled: true, Include: []config.Filter{
				{Metro: pattern(t, "SV|DC"), Name: pattern(t, "prod-.*")},
				{Metro: pattern(t, "LD")},
			}},
			Pairs: []config.Pair{{
				Name:      "uplinks",
				Primary:   "a867f685-422f-22f7-6de0-320a5c00abdd",
				Secondary: "c4d9350e-783c-83cd-1ce0-306a5c00a600",
			}},
			Prices: config.Prices{Interval: 24 * time.Hour},
			Connections: config.Connections{
				Traffic: true,
				Include: []config.ConnectionFilter{{
					Name: pattern(t, "AWS.*"), Type: pattern(t, "EVPL_VC"),
					State: pattern(t, "ACTIVE"), ZSide: pattern(t, "(?i)aws .*"),
				}},
				Max: 20_000, All: true,
			},
			MaxSeries: 100_000_000,
		}, {
			Name:          "007",
			APIURL:        "https://api.equinix.com",
			Credentials:   config.Credentials{ClientID: "007", ClientSecretFile: filepath.Join(dir, "secret")},
			TrafficSource: config.TrafficV4Stats,
			Ports:         []config.Port{{UUID: "c4d9350e-783c-83cd-1ce0-306a5c00a600"}},
			Prices:        config.Prices{Interval: 24 * time.Hour},
			Connections:   config.Connections{Max: 500},
			MaxSeries:     1_000_000,
		}, {
			Name:   "federated",
			APIURL: "https://api.equinix.com",
			Credentials: config.Credentials{TokenExchange: config.TokenExchange{
				SubjectTokenFile: filepath.Join(dir, "token"),
				Scope:            "orgpolicies:1 roleassignments:1",
				STSURL:           "https://sts.eqix.equinix.com/v1/token",
			}},
			TrafficSource: config.TrafficV4Metrics,
			Ports:         []config.Port{},
			Discover: config.Discover{
				Enabled: true,
				Include: []config.Filter{{
					Name: pattern(t, "prod-.*"), Metro: pattern(t, "SV|DC"), IBX: pattern(t, "SV5"),
					State: pattern(t, "ACTIVE"), Project: pattern(t, "[0-9a-f-]+"), Package: pattern(t, "STANDARD"),
				}},
				Exclude: []config.Filter{{Name: pattern(t, ".*-lab")}},
			},
			Pairs: []config.Pair{{
				Name:      "core",
				Primary:   "11111111-2222-3333-4444-555555555555",
				Secondary: "21111111-2222-3333-4444-555555555555",
			}},
			Prices: config.Prices{Interval: 24 * time.Hour},
			Connections: config.Connections{
				Traffic: true,
				Exclude: []config.ConnectionFilter{{State: pattern(t, "DEPROVISIONED")}},
				Max:     500,
			},
			MaxSeries: 1_000_000,
		}, {
			Name:   "elsewhere",
			APIURL: "https://api.equinix.com",
			Credentials: config.Credentials{TokenExchange: config.TokenExchange{
				SubjectTokenFile: filepath.Join(dir, "token"),
				Scope:            "ern:1",
				STSURL:           "http://localhost:8081/v1/token/",
			}},
			CAFile:        filepath.Join(dir, "ca.pem"),
			TrafficSource: config.TrafficAuto,
			Ports:         []config.Port{},
			Discover:      config.Discover{Enabled: true},
			Prices:        config.Prices{Interval: 24 * time.Hour},
			Connections:   config.Connections{Max: 500},
			MaxSeries:     1_000_000,
		}},
		Poll: config.Poll{
			Interval:            10 * time.Minute,
			ConnectionsInterval: time.Minute,
			InventoryInterval:   day,
			Windows: []config.Window{
				{Resolution: 5 * time.Minute, Span: 7 * day, Interval: 10 * time.Minute},
				{Resolution: time.Hour, Span: 90 * day, Interval: day},
			},
			StaleIntervals: 2,
		},
		API: config.API{RequestsPerSecond: 0.5, Burst: 1, Concurrency: 256, Timeout: 90 * time.Second},
	}
	if diff := cmp.Diff(want, cfg, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("full.yml (-want +got):\n%s", diff)
	}
}

func TestParseAcceptsAPIURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://api.equinix.com/":        "https://api.equinix.com",
		"HTTPS://proxy.example.com:8443":  "https://proxy.example.com:8443",
		"https://proxy.example.com/eqx//": "https://proxy.example.com/eqx",
		"http://localhost:8080":           "http://localhost:8080",
		"http://127.0.0.2":                "http://127.0.0.2",
		"http://[::1]:8080":               "http://[::1]:8080",
	} {
		cfg := parse(t, "accounts: [{api_url: %q, ports: [{uuid: c4d9350e-783c-83cd-1ce0-306a5c00a600}]}]", given)
		if got := cfg.Accounts[0].APIURL; got != want {
			t.Errorf("%s became %s, want %s", given, got, want)
		}
	}
}

func TestLoadReportsUnreadableFile(t *testing.T) {
	_, err := load(filepath.Join(t.TempDir(), "config.yml"), fullEnv)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := load(t.TempDir(), fullEnv); err == nil {
		t.Error("a directory was accepted")
	}
}

func TestWarnings(t *testing.T) {
	const file = `accounts:
  - client_id: id
    client_secret: s3cr3t
    ports: [{uuid: c4d9350e-783c-83cd-1ce0-306a5c00a600}]
`
	exposed := []string{"config.yml:3: accounts[0].client_secret: other users than its owner may read this file: use client_secret_file, or chmod 600"}
	for _, tt := range []struct {
		name string
		mode os.FileMode
		want []string
	}{
		{"private", 0o600, nil},
		{"group", 0o640, exposed},
		{"others", 0o604, exposed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "config.yml", file)
			if err := os.Chmod("config.yml", tt.mode); err != nil {
				t.Fatal(err)
			}
			cfg, err := load("config.yml", nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, cfg.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIntervalsLongerThanTheLastRateLastsGiveAWarning(t *testing.T) {
	const accounts = "accounts: [{client_id: a, client_secret: b, ports: [{uuid: c4d9350e-783c-83cd-1ce0-306a5c00a600}]}]\n"
	const end = ": the last polled rates (…_traffic_last_…) expire between two polls"
	for poll, want := range map[string][]string{
		"{interval: 45m}": nil,
		"{interval: 1h}":  {"config.yml:2: poll.interval: 1h is longer than 45m" + end},
		"{windows: [{resolution: 5m, span: 1d, interval: 2h}]}":                             {"config.yml:2: poll.windows[0].interval: 2h is longer than 45m" + end},
		"{interval: 1h, windows: [{resolution: 1h, span: 30d}]}":                            nil,
		"{windows: [{resolution: 5m, span: 1d}, {resolution: 5m, span: 7d, interval: 2h}]}": nil,
	} {
		if diff := cmp.Diff(want, parse(t, "%s", accounts+"poll: "+poll).Warnings); diff != "" {
			t.Errorf("%s (-want +got)\n%s", poll, diff)
		}
	}
}

// load is File.Load of a file that must be there.
func load(path string, env func(string) (string, bool)) (*config.Config, error) {
	return (&config.File{Path: path, Env: env}).Load()
}

func write(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// A file for another machine names files that are not here.
func TestFileAloneLooksAtNoOtherFile(t *testing.T) {
	for content, want := range map[string]string{
		"accounts: [{client_id_file: /absent/id, client_secret_file: /absent/secret, ca_file: /absent/ca, discover: {enabled: true}}]": "",
		"accounts: [{token_exchange: {subject_token_file: /absent/token, scope: a}, discover: {enabled: true}}]":                       "",
		"accounts: [{discover: {enabled: true}}]":                                  "",
		"accounts: [{client_id_file: /absent/id, discover: {enabled: true}}]":      "accounts[0].client_secret",
		"accounts: [{discover: {enabled: true}}]\npoll: {intervall: 5m}\nstate: 1": "poll.intervall",
	} {
		file := filepath.Join(t.TempDir(), "config.yml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := (&config.File{Path: file, Alone: true}).Load()
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", content, err, want)
		}
	}
}
