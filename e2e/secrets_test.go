package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// secretive is an exporter's world: an API that repeats what it gets, files
// with secrets, and a directory for what the exporter keeps.
type secretive struct {
	api    *gossip
	config string
	kept   string // directory of the state file
	state  bool   // there is one
}

func newSecretive(t *testing.T, exchange, refuses bool) *secretive {
	t.Helper()
	dir := t.TempDir()
	known := gossipSecret
	if exchange {
		known = gossipSubject
	}
	s := &secretive{api: newGossip(t, known, refuses), kept: filepath.Join(dir, "kept")}
	if err := os.Mkdir(s.kept, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "id", gossipID+"\n")
	write(t, dir, "secret", gossipSecret+"\n")
	write(t, dir, "subject", gossipSubject+"\n")
	login := "    client_id_file: id\n    client_secret_file: secret\n"
	if exchange {
		login = "    token_exchange: {subject_token_file: subject, scope: 'roleassignments:42', sts_url: '" + s.api.URL + "/v1/token'}\n"
	}
	text := `accounts:
  - api_url: ` + s.api.URL + "\n" + login + `    traffic_source: v3
    discover: {enabled: true}
poll:
  windows:
    - {resolution: 5m, span: 1d}
    - {resolution: 5m, span: 7d}
    - {resolution: 1h, span: 30d}
    - {resolution: 1h, span: 90d}
api: {requests_per_second: 1000, burst: 1000, max_retries: 0}
`
	s.config = write(t, dir, "config.yml", text)
	// A version that keeps a state file is searched with it.
	withState := write(t, dir, "state.yml", text+"state: {file: kept/state}\n")
	if start(t, nil, "check", "--config.file="+withState).wait(t) == 0 {
		s.config, s.state = withState, true
	}
	return s
}

// run starts an exporter with everything open that can be.
func (s *secretive) run(t *testing.T, format string) (*exporter, string) {
	t.Helper()
	x := startRun(t, env{"GOTRACEBACK=system"}, s.config,
		"--log.level=debug", "--log.format="+format, "--web.enable-pprof", "--web.enable-reload")
	base := x.url(t)
	ready(t, base)
	return x, base
}

// end sends a signal and waits for the end that comes of it.
func end(t *testing.T, x *exporter, sig syscall.Signal, code int) {
	t.Helper()
	if err := x.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	if got := x.wait(t); got != code {
		t.Errorf("%v: exit code %d, want %d", sig, got, code)
	}
}

var mainStack = regexp.MustCompile(`(?m)^goroutine 1 .*\[.*\]:$`)

// Whatever the API repeats of what it was sent, and wherever one looks: a secret
// is where the user put it, on the wire, and nowhere else.
func TestSecretsShowNowhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		exchange, refuses bool
		format            string
		clue              string // in the log
	}{
		{"client secret", false, false, "logfmt", "gossip: [redacted]"},
		{"client secret, refused", false, true, "json", "gossip: [redacted]"},
		{"subject token", true, false, "json", "gossip: [redacted]"},
		{"subject token, refused", true, true, "logfmt", "gossip: [redacted]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSecretive(t, tt.exchange, tt.refuses)
			found := artefacts{}
			x, base := s.run(t, tt.format)
			found.pages(t, base)
			found.process(t, x)
			end(t, x, syscall.SIGTERM, 0)
			found.output(x, "first run")
			if log := x.stderr.String(); !strings.Contains(log, tt.clue) {
				t.Errorf("the gossip never came so far as the log: no %q", tt.clue)
			}

			x, base = s.run(t, tt.format)
			found.page(t, base, http.MethodGet, "/", nil, "after a restart")
			end(t, x, syscall.SIGQUIT, 2)
			found.output(x, "second run, with its stacks")
			if !mainStack.MatchString(x.stderr.String()) {
				t.Error("no stacks to search")
			}
			for _, args := range [][]string{
				{"check"}, {"doctor", "--log.level=debug"}, {"doctor", "-o", "json"}, {"ports", "--log.level=debug"}, {"ports", "-o", "yaml"},
				{"ports", "--window=7d", "-o", "json"}, {"backfill", "--from=2d", "--output=-", "--log.level=debug"},
			} {
				y := start(t, nil, append(args, "--config.file="+s.config)...)
				y.wait(t)
				found.output(y, strings.Join(args, " "))
			}
			found.files(t, s.kept)
			found.search(t, s.api.secrets())
			s.control(t, tt.exchange)
		})
	}
}

// control holds the search against what must show the secrets: the files that
// they came from, and what the API was sent.
func (s *secretive) control(t *testing.T, exchange bool) {
	t.Helper()
	h := s.api.secrets()
	sources := artefacts{}
	sources.files(t, filepath.Dir(s.config))
	for name, secret := range map[string]string{"id": "client id", "secret": "client secret", "subject": "subject token"} {
		if found := h.in(sources[filepath.Join(filepath.Dir(s.config), name)]); len(found) == 0 || !strings.HasPrefix(found[0], secret) {
			t.Errorf("the search finds %v in the file with the %s", found, secret)
		}
	}
	want := "client secret (JSON)"
	if exchange {
		want = "subject token (query)"
	}
	for _, body := range s.api.bodies {
		if !strings.Contains(strings.Join(h.in([]byte(body)), " "), want) {
			t.Errorf("the search does not find the %s in what the API was sent", want)
		}
	}
	if s.state {
		if _, err := os.Stat(filepath.Join(s.kept, "state")); err != nil {
			t.Errorf("no state file to search: %v", err)
		}
	}
}
