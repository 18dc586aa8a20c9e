// Package restart_test kills the built exporter over and over and watches what
// that does to /metrics.
package restart_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

var (
	exporter = flag.String("exporter", os.Getenv("EXPORTER"), "absolute path of the exporter to kill")
	lasts    = flag.Duration("kill.for", 5*time.Second, "how long to go on killing it")
)

const (
	ports    = 300
	patience = 2 * time.Minute
)

// Killed at any moment, under load, the exporter has every series of a healthy
// port with the first scrape that it answers again, none of them newer than it
// is, and the state file was never torn.
func TestAKillLosesNoSeries(t *testing.T) {
	if *exporter == "" {
		t.Fatal("-exporter is required")
	}
	t.Parallel()
	start := float64(time.Now().UnixMilli()) / 1000
	config := configure(t, serve(t))
	first := run(t, config)
	first.until(t, "/-/ready")
	eventually(t, func() bool { return first.value(t, "equinix_fabric_state_last_write_timestamp_seconds") > 0 })
	want := first.series(t)
	if len(want) < 10*ports {
		t.Fatalf("only %d series", len(want))
	}
	x, kills, longest := first, 0, time.Duration(0)
	for deadline := time.Now().Add(*lasts); kills < 3 || time.Now().Before(deadline); kills++ {
		stop := load(x.base)
		time.Sleep(rand.N(1500 * time.Millisecond))
		x.kill()
		stop()
		began := time.Now()
		x = run(t, config)
		got := x.series(t) // the first answer
		longest = max(longest, time.Since(began))
		for s := range want {
			if _, ok := got[s]; !ok {
				t.Fatalf("after kill %d: %s is missing", kills, s)
			}
		}
		now := float64(time.Now().UnixMilli()) / 1000
		for s, v := range got {
			if strings.Contains(s, "_poll_last_success_timestamp_seconds{") && (v > now || v < start) {
				t.Fatalf("after kill %d: %s = %v, not between %v and %v", kills, s, v, start, now)
			}
		}
		if log := x.stderr.String(); strings.Contains(log, "cannot be") {
			t.Fatalf("after kill %d: %s", kills, log)
		}
	}
	if bad, _ := filepath.Glob(filepath.Join(filepath.Dir(config), "*.bad")); len(bad) > 0 {
		t.Errorf("set aside: %v", bad)
	}
	t.Logf("%d kills; the first scrape was answered within %v of a start", kills, longest.Round(time.Millisecond))
}

// serve is a simulated API with healthy ports.
func serve(t *testing.T) (url string) {
	t.Helper()
	f := fabrictest.Generate(1, ports, ports)
	f.Attach()
	api := fabrictest.New(fabrictest.Options{Fleet: &f})
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return "http://" + ln.Addr().String()
}

func configure(t *testing.T, api string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "config.yml")
	yaml := fmt.Sprintf(`accounts:
  - api_url: %s
    client_id: %s
    client_secret: %s
    traffic_source: v4-metrics
    discover: {enabled: true}
poll: {interval: 1m}
api: {requests_per_second: 1000, burst: 1000, concurrency: 16}
state: {file: state}
`, api, fabrictest.DemoClientID, fabrictest.DemoClientSecret)
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a running exporter.
type process struct {
	cmd    *exec.Cmd
	base   string
	stderr *buffer
	exited chan struct{}
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

func run(t *testing.T, config string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Minute+*lasts)
	x := &process{stderr: &buffer{}, exited: make(chan struct{})}
	x.cmd = exec.CommandContext(ctx, *exporter, "--config.file="+config, "--web.listen-address=127.0.0.1:0")
	x.cmd.Stderr = x.stderr
	if err := x.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer close(x.exited)
		_ = x.cmd.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-x.exited
	})
	eventually(t, func() bool { return listening.MatchString(x.stderr.String()) })
	x.base = "http://" + listening.FindStringSubmatch(x.stderr.String())[1]
	return x
}

func (x *process) kill() {
	_ = x.cmd.Process.Kill()
	<-x.exited
}

// until waits until a page answers 200.
func (x *process) until(t *testing.T, page string) {
	t.Helper()
	eventually(t, func() bool {
		status, _, err := get(x.base + page)
		return err == nil && status == http.StatusOK
	})
}

// series are those of ports and pairs, by how they are written.
func (x *process) series(t *testing.T) map[string]float64 {
	t.Helper()
	var text []byte
	eventually(t, func() bool {
		status, body, err := get(x.base + "/metrics")
		text = body
		return err == nil && status == http.StatusOK
	})
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "equinix_fabric_"), "{")
		if (strings.HasPrefix(name, "port_") || strings.HasPrefix(name, "pair_")) && !strings.HasPrefix(name, "port_conflicts") && rest != "" {
			i := strings.LastIndexByte(line, ' ')
			var v float64
			if _, err := fmt.Sscan(line[i:], &v); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			all[line[:i]] = v
		}
	}
	return all
}

// value is that of a series without labels, 0 where there is none.
func (x *process) value(t *testing.T, name string) (v float64) {
	t.Helper()
	_, body, err := get(x.base + "/metrics")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			_, _ = fmt.Sscan(rest, &v)
		}
	}
	return v
}

// load scrapes without a pause until it is stopped.
func load(base string) (stop func()) {
	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for range 4 {
		scrapers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_, _, _ = get(base + "/metrics")
				}
			}
		})
	}
	return func() {
		close(done)
		scrapers.Wait()
	}
}

var client = &http.Client{Timeout: patience}

func get(url string) (status int, body []byte, err error) {
	resp, err := client.Get(url)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// eventually waits until check is true.
func eventually(t *testing.T, check func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !check() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v", patience)
		}
	}
}

// buffer is one that a process writes while the test reads.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
