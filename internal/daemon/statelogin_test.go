package daemon_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/portlist"
)

// commands are doctor and ports, as they are run beside an exporter.
type commands struct {
	api    *fabrictest.API
	load   func() (*config.Config, error)
	forget bool
	said   strings.Builder
}

func (c *commands) doctor(t *testing.T) {
	_ = doctor.Run(t.Context(), doctor.Options{
		Load: c.load, Transport: c.api.Transport(), Format: "text", Timeout: time.Minute, ForgetRefusals: c.forget,
		Log: slog.New(slog.NewTextHandler(&c.said, nil)),
	}, &c.said)
}

func (c *commands) ports(t *testing.T) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(&c.said, nil))
	d, err := daemon.New(daemon.Options{
		Load: c.load, Transport: c.api.Transport(), Registerer: prometheus.NewPedanticRegistry(), ForgetRefusals: c.forget, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = portlist.Run(t.Context(), d, portlist.Options{Format: "csv", Timeout: time.Minute, Log: log}, &c.said)
}

// However many commands log in with a wrong secret, in whatever order, beside an
// exporter or without: the account is not locked.
func TestCommandsCountRefusedLoginsWithTheExporter(t *testing.T) {
	for _, beside := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state")
			api := fabrictest.New(fabrictest.Options{})
			yaml := text(stateful(configure(own(api), ""), path))
			var e *exporter
			var stop func()
			if beside { // it has a token, and its secret is changed at Equinix
				e, stop = start(t, api.Transport(), yaml)
				time.Sleep(2 * time.Minute)
			}
			good := api.Count(fabrictest.OpToken)
			api.SetClientSecret("another")
			refused := func() int { return api.Count(fabrictest.OpToken) - good }
			c := &commands{api: api, load: func() (*config.Config, error) {
				yaml, _ := yaml.Load().(string)
				return config.Parse("test.yml", []byte(yaml), t.TempDir(), nil)
			}}
			for range 5 {
				c.doctor(t)
				c.ports(t)
				time.Sleep(10 * time.Second)
			}
			if n := refused(); n != 1 {
				t.Errorf("beside=%v: %d refused logins by ten commands in a minute, want 1", beside, n)
			}
			if said := c.said.String(); !strings.Contains(said, "not tried") || !strings.Contains(said, "--login.forget-refusals") {
				t.Errorf("nothing tells that no login was tried: %s", said)
			}
			if beside {
				if got := e.series(t); got[`login_suspended{account="prod"}`] != 1 {
					t.Error("the exporter does not know that its secret is refused")
				}
			} else {
				e, stop = start(t, api.Transport(), yaml)
			}
			for range 50 {
				time.Sleep(time.Hour)
				c.doctor(t)
				c.ports(t)
				if err := e.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			stop()
			if n := refused(); n != 4 || api.LoginLocked() {
				t.Errorf("beside=%v: %d refused logins in all, want 4; locked: %v", beside, n, api.LoginLocked())
			}
			if values, err := os.ReadFile(path); err != nil || beside && !strings.Contains(string(values), `"APIName"`) {
				t.Errorf("beside=%v: the commands have taken the values out of the state file: %v", beside, err)
			}

			// The account is unlocked, and the secret was right.
			api.UnlockLogin()
			api.SetClientSecret(fabrictest.DemoClientSecret)
			c.doctor(t)
			if n := refused(); n != 4 {
				t.Errorf("beside=%v: doctor logs in without being told to forget", beside)
			}
			c.forget = true
			c.doctor(t)
			if n := refused(); n != 5 {
				t.Errorf("beside=%v: doctor does not log in though told to forget", beside)
			}
			if b, err := os.ReadFile(path); err != nil || strings.Contains(string(b), `"Logins"`) {
				t.Errorf("beside=%v: the file still counts: %v", beside, err)
			}
		})
	}
}

// Who has unlocked the account at Equinix starts the exporter with its count
// forgotten, in the file too.
func TestAStartMayForgetRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state")
		api := fabrictest.New(fabrictest.Options{ClientSecret: "another"})
		yaml := text(stateful(configure(own(api), ""), path))
		_, stop := start(t, api.Transport(), yaml)
		time.Sleep(2 * time.Hour)
		stop()
		api.UnlockLogin()
		_, stop = start(t, api.Transport(), yaml, func(o *daemon.Options) { o.ForgetRefusals = true })
		if b, err := os.ReadFile(path); err != nil || strings.Contains(string(b), `"Logins"`) {
			t.Errorf("the file still counts: %v", err)
		}
		time.Sleep(time.Minute)
		stop()
		if n := api.Count(fabrictest.OpToken); n != 4 {
			t.Errorf("%d logins, want the three before and one after the unlocking", n)
		}
		e, stop := start(t, api.Transport(), yaml)
		time.Sleep(3 * time.Minute) // less than the wait that the refusal has begun
		if n := api.Count(fabrictest.OpToken); n != 4 || e.Snapshot().Accounts[0].LoginHeld != true {
			t.Errorf("%d logins: the new count is not kept", n)
		}
		stop()
	})
}
