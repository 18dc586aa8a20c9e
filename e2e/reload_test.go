package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	reloadSuccessful = prefix + "config_last_reload_successful"
	reloadTime       = prefix + "config_last_reload_success_timestamp_seconds"
)

// reloading is an exporter with a configuration file that tests rewrite.
type reloading struct {
	*exporter
	base, file, content string
}

func startReloading(t *testing.T, args ...string) *reloading {
	t.Helper()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	content := fixtureConfig(api, inFile...)
	file := write(t, t.TempDir(), "config.yml", content)
	x := startRun(t, nil, file, args...)
	r := &reloading{x, x.url(t), file, content}
	full(t, r.base, 1) // the mistyped uuid
	return r
}

func (r *reloading) rewrite(t *testing.T, content string) {
	t.Helper()
	write(t, filepath.Dir(r.file), filepath.Base(r.file), content)
}

// renamed is the configuration with another name for a port, and without
// another port.
func (r *reloading) renamed() string {
	return strings.NewReplacer(
		"name: uplink-1", "name: uplink-renamed",
		"      - {uuid: "+spareUUID+", name: spare}\n", "",
	).Replace(r.content)
}

// renamedSeries are the series of the ports after that.
func renamedSeries(before samples) samples {
	after := samples{}
	for s, v := range before {
		if !strings.Contains(s, spareUUID) {
			after[strings.ReplaceAll(s, "uplink-1", "uplink-renamed")] = v
		}
	}
	return after
}

// successful is config_last_reload_successful.
func (r *reloading) successful(t *testing.T) float64 {
	t.Helper()
	return values(scrapeOnce(t, r.base), only(reloadSuccessful))[reloadSuccessful+"{}"]
}

func TestReloadOverHTTP(t *testing.T) {
	t.Parallel()
	r := startReloading(t, "--web.enable-reload")
	before := scrapeOnce(t, r.base)

	for _, b := range brokenFiles {
		r.rewrite(t, b.content)
		a := mustAsk(t, http.MethodPost, r.base+"/-/reload", nil)
		if a.status != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", b.name, a.status)
		}
		refusal(t, string(a.body), r.file, b.want)
	}
	after := scrapeOnce(t, r.base)
	if diff := cmp.Diff(portSeries(before), portSeries(after)); diff != "" {
		t.Errorf("a refused file changes the series (-before +after):\n%s", diff)
	}
	if v := values(after, only(reloadSuccessful)); !maps.Equal(v, samples{reloadSuccessful + "{}": 0}) {
		t.Errorf("after a refused file: %v", v)
	}
	if diff := cmp.Diff(values(before, only(reloadTime)), values(after, only(reloadTime))); diff != "" {
		t.Errorf("a refused file counts as accepted (-before +after):\n%s", diff)
	}

	r.rewrite(t, r.renamed())
	if a := mustAsk(t, http.MethodPost, r.base+"/-/reload", nil); a.status != http.StatusOK {
		t.Errorf("a good file: %d %s", a.status, a.body)
	}
	// What stays is not polled again, so there is nothing to wait for.
	after = scrapeOnce(t, r.base)
	if diff := cmp.Diff(renamedSeries(portSeries(before)), portSeries(after)); diff != "" {
		t.Errorf("series after a good file (-want +got):\n%s", diff)
	}
	if v := r.successful(t); v != 1 {
		t.Errorf("%s %v after a good file", reloadSuccessful, v)
	}
}

func TestReloadOverHTTPIsOffByDefault(t *testing.T) {
	t.Parallel()
	r := startReloading(t)
	before := portSeries(scrapeOnce(t, r.base))
	r.rewrite(t, r.renamed())
	a := mustAsk(t, http.MethodPost, r.base+"/-/reload", nil)
	if a.status != http.StatusForbidden || !strings.Contains(string(a.body), "--web.enable-reload") {
		t.Errorf("status %d, want 403 and how to change that: %s", a.status, a.body)
	}
	if diff := cmp.Diff(before, portSeries(scrapeOnce(t, r.base))); diff != "" {
		t.Errorf("reloaded all the same (-before +after):\n%s", diff)
	}
}

func TestReloadOnSIGHUP(t *testing.T) {
	t.Parallel()
	r := startReloading(t)
	before := portSeries(scrapeOnce(t, r.base))
	hangUp := func(want float64) {
		t.Helper()
		if err := r.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			if v := r.successful(t); v != want {
				return fmt.Errorf("%s is %v, want %v", reloadSuccessful, v, want)
			}
			return nil
		})
	}

	broken := brokenFiles[len(brokenFiles)-1]
	r.rewrite(t, broken.content)
	hangUp(0)
	if diff := cmp.Diff(before, portSeries(scrapeOnce(t, r.base))); diff != "" {
		t.Errorf("a refused file changes the series (-before +after):\n%s", diff)
	}
	r.rewrite(t, r.renamed())
	hangUp(1)
	if diff := cmp.Diff(renamedSeries(before), portSeries(scrapeOnce(t, r.base))); diff != "" {
		t.Errorf("series after a good file (-want +got):\n%s", diff)
	}
	log := r.stderr.String()
	for _, clue := range append(broken.paths(), "reload failed", "configuration reloaded") {
		if !strings.Contains(log, clue) {
			t.Errorf("the log does not say %q", clue)
		}
	}
	freeOfSecrets(t, "the log", log, clientSecret, token)
}
