package daemon_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// A reload that changes nothing about a client keeps it: its token, its place
// in the request budget, and its count of refused logins, of which it frees one.
func TestReloadOfTheSameSettingsKeepsTheClient(t *testing.T) {
	for _, tt := range []struct {
		name, secret string
		before       time.Duration
		logins       int // with those of the reload
	}{
		{"with a token", fabrictest.DemoClientSecret, time.Minute, 1},
		{"suspended", "another", 3 * time.Hour, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{ClientSecret: tt.secret})
				e, stop := start(t, api.Transport(), text(configure(own(api), "")))
				defer stop()
				time.Sleep(tt.before)
				if err := e.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Minute)
				if n := api.Count(fabrictest.OpToken); n != tt.logins {
					t.Errorf("%d logins, want %d", n, tt.logins)
				}
			})
		})
	}
}
