package demo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/util/testutil"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/demo"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Real sockets: what a stopped demo leaves behind fails the package.
func TestMain(m *testing.M) { testutil.TolerantVerifyLeak(m) }

// Everything is there as soon as the machine allows: the calls that it takes wait
// five seconds at most for the budget of an account.
func TestDemoIsCompleteAtOnce(t *testing.T) {
	sim, err := demo.Listen(t.Context(), demo.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	d, err := daemon.New(daemon.Options{
		Load: sim.Config, Registerer: prometheus.NewPedanticRegistry(), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 2)
	go func() { ended <- sim.Run(ctx) }()
	go func() { ended <- d.Run(ctx) }()
	for len(unknown(d.Snapshot())) > 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond) // real sockets, so no bubble; ctx bounds it
	}
	if missing := unknown(d.Snapshot()); len(missing) > 0 {
		t.Errorf("after a minute there is no good answer on %v", missing)
	}
	if n := len(d.Snapshot().Ports); n < 18 {
		t.Errorf("%d ports", n)
	}
	cfg, err := sim.Config()
	if err != nil {
		t.Fatal(err)
	}
	for name, calls := range map[string]int{"classic": sim.Classic.Count(""), "metrics": sim.Metrics.Count("")} {
		if waits := float64(calls-cfg.API.Burst) / cfg.API.RequestsPerSecond; waits > 5 {
			t.Errorf("account %s makes %d calls, which wait %.1fs for its budget", name, calls, waits)
		}
	}
	snap := d.Snapshot()
	synctest.Test(t, func(t *testing.T) { compareDoors(t, snap) }) // in which time stands still
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// compareDoors compares the text of the series of snap with what Prometheus' registry and
// encoder make of them.
func compareDoors(t *testing.T, snap *fleet.Snapshot) {
	c := collector.New(func() *fleet.Snapshot { return snap })
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(c)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var want, got bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&want, f); err != nil {
			t.Fatal(err)
		}
	}
	for _, piece := range c.Text(false) {
		got.Write(*piece)
	}
	if !bytes.Equal(want.Bytes(), got.Bytes()) || got.Len() < 100_000 {
		t.Errorf("%d bytes of the registry and %d of text differ, or are few", want.Len(), got.Len())
	}
}

// unknown are the ports that lack a good answer of some kind.
func unknown(snap *fleet.Snapshot) []string {
	if !snap.Ready {
		return []string{"the fleet"}
	}
	var names []string
	for _, p := range snap.Ports {
		if ok, _ := p.Succeeded(); !ok || !p.ConnectionsPoll.OK || p.Inventory == nil {
			names = append(names, p.Name())
		}
	}
	return names
}

func TestDemoAnswersCurl(t *testing.T) {
	sim, err := demo.Listen(t.Context(), demo.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	login := `{"grant_type":"client_credentials","client_id":"demo-client","client_secret":"demo-secret"}`
	resp, err := client.Post(sim.ClassicURL()+"/oauth2/v1/token", "application/json", strings.NewReader(login))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("access_token")) {
		t.Errorf("login: %d %s %v", resp.StatusCode, body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A fault of the network keeps the exporter from the API that has it, and from no
// other.
func TestFaultsOfTheNetworkAreThoseOfOneAPI(t *testing.T) {
	sim, err := demo.Listen(t.Context(), demo.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(ctx) }()
	exporter := &http.Client{Transport: sim.Via(&http.Transport{DisableKeepAlives: true}), Timeout: time.Minute}
	reaches := func(url string) bool {
		resp, err := exporter.Get(url + "/fabric/v4/ports")
		if err != nil {
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error(err)
			}
			return false
		}
		return resp.Body.Close() == nil
	}
	for _, tt := range []struct {
		api             *fabrictest.API
		broken, healthy string
	}{
		{sim.Classic, sim.ClassicURL(), sim.MetricsURL()},
		{sim.Metrics, sim.MetricsURL(), sim.ClassicURL()},
	} {
		if _, err := tt.api.SwitchOn(fabrictest.Switch{Fault: "refused"}); err != nil {
			t.Fatal(err)
		}
		if reaches(tt.broken) || !reaches(tt.healthy) {
			t.Errorf("the fault of %s is not that of its API alone", tt.broken)
		}
		tt.api.SwitchOff(0)
		if !reaches(tt.broken) {
			t.Errorf("%s is not reached after its fault", tt.broken)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Another command can use the demo through its configuration, and the next demo in the same
// directory continues with its state.
func TestDirectoryOfADemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	const receiver = "http://localhost:9090/api/v1/write"
	read := func() *config.Config {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		sim, err := demo.Listen(ctx, demo.Options{Address: "127.0.0.1:0", Dir: dir, RemoteWrite: receiver})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "demo.yml")
		cfg, err := (&config.File{Path: path, Alone: true}).Load()
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
		var said strings.Builder
		sim.Announce(&said)
		if cfg.Accounts[0].APIURL != sim.ClassicURL() || !strings.Contains(said.String(), path) {
			t.Errorf("%s polls %s\n%s", path, cfg.Accounts[0].APIURL, said.String())
		}
		if err := errors.Join(sim.Run(ctx), sim.Close()); err != nil {
			t.Error(err)
		}
		return cfg
	}
	if first, second := read(), read(); first.State != second.State || first.State.File != filepath.Join(dir, "demo.state") ||
		len(second.RemoteWrite) != 1 || second.RemoteWrite[0].URL != receiver {
		t.Errorf("state in %s and %s, receivers %v", first.State.File, second.State.File, second.RemoteWrite)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := demo.Listen(t.Context(), demo.Options{Address: "127.0.0.1:0", Dir: filepath.Join(file, "demo")})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}

func TestListenSaysThatAnAddressIsTaken(t *testing.T) {
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := demo.Listen(t.Context(), demo.Options{Address: ln.Addr().String()}); err == nil || !strings.Contains(err.Error(), "simulated API") {
		t.Errorf("error %v", err)
	}
}

func TestAnnounceGivesURLsThatOpen(t *testing.T) {
	sim, err := demo.Listen(t.Context(), demo.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	defer func() { _ = sim.Run(ctx) }() // closes the listener
	for _, scheme := range []string{"http", "https"} {
		var out strings.Builder
		demo.AnnounceExporter(&out, scheme, []net.Addr{&net.TCPAddr{IP: net.IPv6unspecified, Port: 10345}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}}, "/x")
		sim.Announce(&out)
		for _, want := range []string{" " + scheme + "://localhost:10345/x/\n", " " + scheme + "://127.0.0.1:1/x/metrics\n", sim.ClassicURL()} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in\n%s", want, out.String())
			}
		}
	}
}
