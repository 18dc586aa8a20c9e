package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// configuration is the default one but for what must not limit the measurement: a budget
// as fast as the machine, and no limit on series.
const configuration = `accounts:
  - api_url: http://%s
    client_id: ` + fabrictest.DemoClientID + `
    client_secret: ` + fabrictest.DemoClientSecret + `
    discover: {enabled: true}
    max_series: 100000000
api: {requests_per_second: 1000, burst: 10000}
poll: {interval: %s, connections_interval: %s, inventory_interval: %s}
`

// intervals of polls: of the traffic of ports, of connections and of the inventory. Nothing
// is polled again within a quarter of its interval.
type intervals struct{ traffic, connections, inventory time.Duration }

// The longest intervals that the configuration allows leave minutes without polls.
var (
	defaults = intervals{5 * time.Minute, 5 * time.Minute, 15 * time.Minute}
	longest  = intervals{time.Hour, 24 * time.Hour, 24 * time.Hour}
)

// serve answers on a free port of loopback until stop is called.
func serve(ctx context.Context, h http.Handler) (address string, stop func(), err error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = srv.Serve(ln) }() // clients notice if it fails
	return ln.Addr().String(), func() { _ = srv.Close() }, nil
}

// exporter is the running exporter, a process of its own.
type exporter struct {
	cmd         *exec.Cmd
	api, config string // address and file
	url         string // of its root
	exited      chan struct{}
	cancel      context.CancelFunc
}

var listening = regexp.MustCompile(`Listening on" address=(\S+)`)

// start runs the exporter with the simulated API at the address, and waits until it has
// polled everything once. Its files are in dir.
func start(ctx context.Context, program, dir, api string) (*exporter, error) {
	x := &exporter{api: api, config: filepath.Join(dir, "config.yml"), exited: make(chan struct{})}
	if err := x.configure(defaults); err != nil {
		return nil, err
	}
	logged := filepath.Join(dir, "log")
	log, err := os.Create(filepath.Clean(logged))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	ctx, x.cancel = context.WithCancel(ctx)
	x.cmd = exec.CommandContext(ctx, program, "--config.file="+x.config, "--web.listen-address=127.0.0.1:0", "--web.enable-reload") //nolint:gosec // G204: a flag names it
	x.cmd.Cancel = func() error { return x.cmd.Process.Signal(os.Interrupt) }
	x.cmd.WaitDelay = time.Minute                               // then it is killed
	x.cmd.Env = []string{"TMPDIR=" + dir, "NO_PROXY=127.0.0.1"} // without the GOGC of make
	x.cmd.Stderr = log
	if err := x.cmd.Start(); err != nil {
		x.cancel()
		return nil, err
	}
	go func() {
		_ = x.cmd.Wait() // the log says more
		close(x.exited)
	}()
	if err := x.becomesReady(ctx, logged); err != nil {
		x.stop()
		text, _ := os.ReadFile(filepath.Clean(logged))
		return nil, fmt.Errorf("%w; the exporter has logged:\n%s", err, text)
	}
	return x, nil
}

func (x *exporter) becomesReady(ctx context.Context, logged string) error {
	var c client
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for /-/ready: %w", ctx.Err())
		case <-x.exited:
			return fmt.Errorf("the exporter has ended: %v", x.cmd.ProcessState)
		case <-time.After(10 * time.Millisecond):
		}
		if x.url == "" {
			text, err := os.ReadFile(filepath.Clean(logged))
			if err != nil {
				return err
			}
			if m := listening.FindSubmatch(text); m != nil {
				x.url = "http://" + string(m[1])
			}
		} else if _, err := c.ask(ctx, http.MethodGet, x.url+"/-/ready", plain); err == nil {
			return nil
		}
	}
}

func (x *exporter) configure(i intervals) error {
	return os.WriteFile(x.config, fmt.Appendf(nil, configuration, x.api, i.traffic, i.connections, i.inventory), 0o600)
}

// reload changes the intervals.
func (x *exporter) reload(ctx context.Context, i intervals) error {
	if err := x.configure(i); err != nil {
		return err
	}
	var c client
	_, err := c.ask(ctx, http.MethodPost, x.url+"/-/reload", plain)
	return err
}

// stop ends the exporter and waits until it is gone.
func (x *exporter) stop() {
	x.cancel()
	<-x.exited
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// peak is the most resident memory, in MiB, that the exporter has had since it began, or
// since the call before.
func (x *exporter) peak() (float64, error) {
	proc := fmt.Sprintf("/proc/%d/", x.cmd.Process.Pid)
	status, err := os.ReadFile(filepath.Clean(proc + "status"))
	if err != nil {
		return 0, err
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		return 0, fmt.Errorf("%sstatus has no VmHWM", proc)
	}
	kib, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return 0, err
	}
	const resetPeak = "5" // see proc_pid_clear_refs(5)
	return kib / 1024, os.WriteFile(proc+"clear_refs", []byte(resetPeak), 0)
}
