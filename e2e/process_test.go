package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

const (
	// patience bounds each wait for something that takes milliseconds, however
	// busy the machine is. No test may fail for want of speed, so nothing else is
	// measured in seconds: what the exporter waits for by itself is held in bubbles.
	patience = 2 * time.Minute
	// lifetime bounds each exporter, whatever its test does.
	lifetime = 10 * time.Minute
)

// env is an environment, as in exec.Cmd. Nothing of the tests' own leaks in.
type env []string

// exporter is a running exporter. Its process ends with the test, at the latest.
type exporter struct {
	cmd            *exec.Cmd
	started        time.Time
	stdout, stderr need.Output
	exited         chan struct{} // closed once the process is gone
}

// start runs the exporter under test. Of a failed test its output is shown.
func start(t *testing.T, e env, args ...string) *exporter {
	t.Helper()
	return launch(t, e, exporterPath, args...)
}

// launch is start for any program.
func launch(t *testing.T, e env, program string, args ...string) *exporter {
	t.Helper()
	// The test's context ends before its cleanups, and kills the process then.
	ctx, cancel := context.WithTimeout(t.Context(), lifetime)
	x := &exporter{exited: make(chan struct{})}
	x.cmd = exec.CommandContext(ctx, program, args...)
	x.cmd.Env = append(env{"TMPDIR=" + t.TempDir()}, e...) // nil would be ours
	x.cmd.Stdout, x.cmd.Stderr = &x.stdout, &x.stderr
	x.cmd.WaitDelay = patience
	x.started = time.Now()
	if err := x.cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		defer close(x.exited)
		_ = x.cmd.Wait() // ProcessState has the outcome
	}()
	t.Cleanup(func() {
		cancel()
		<-x.exited
		if t.Failed() {
			t.Logf("%v\nstdout:\n%s\nstderr:\n%s", x.cmd.Args, x.stdout.String(), x.stderr.String())
		}
	})
	return x
}

// wait returns the exit code, -1 where a signal ended the process.
func (x *exporter) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-x.exited:
		return x.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%v still runs after %v", x.cmd.Args, patience)
		return -1
	}
}

var (
	listening = regexp.MustCompile(`Listening on"(?: address=|,"address":")([^\s"]+)`)
	announced = regexp.MustCompile(`(?m)^metrics: +(https?://\S+)/metrics$`)
	simulated = regexp.MustCompile(`(?m)^simulated API: (http://\S+)`)
)

// address is where the exporter says in its log that it listens.
func (x *exporter) address(t *testing.T) string {
	t.Helper()
	return x.find(t, &x.stderr, listening)
}

// url is the root of an exporter without TLS.
func (x *exporter) url(t *testing.T) string {
	t.Helper()
	return "http://" + x.address(t)
}

// find waits until the process has written what matches re, and returns its
// first group.
func (x *exporter) find(t *testing.T, o *need.Output, re *regexp.Regexp) string {
	t.Helper()
	var found string
	eventually(t, func() error {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			found = m[1]
			return nil
		}
		select {
		case <-x.exited:
			t.Fatalf("exited with %d before it wrote %v:\n%s", x.cmd.ProcessState.ExitCode(), re, x.stderr.String())
		default:
		}
		return fmt.Errorf("nothing written matches %v", re)
	})
	return found
}

// ready waits until the exporter at base has polled everything once.
func ready(t *testing.T, base string) {
	t.Helper()
	eventually(t, func() error {
		a, err := ask(t, http.MethodGet, base+"/-/ready", nil)
		if err != nil {
			return err
		}
		if a.status != http.StatusOK {
			return fmt.Errorf("/-/ready: %d %s", a.status, a.body)
		}
		return nil
	})
}

// eventually waits for check with the patience of these tests.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	need.Eventually(t, patience, check)
}

// always calls check for d and ends the test at its first error: what must not
// happen can only be waited for.
func always(t *testing.T, d time.Duration, check func() error) {
	t.Helper()
	deadline := time.After(d)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := check(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-deadline:
			return
		}
	}
}

// answer is an answer of the exporter, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// client decodes nothing by itself and keeps no connection: an idle one would
// tie tests together.
var client = &http.Client{
	Timeout:   patience,
	Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true},
}

func ask(t *testing.T, method, url string, header http.Header) (*answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header.Clone()
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Header, body}, err
}

// mustAsk is ask for answers that must come, with any status.
func mustAsk(t *testing.T, method, url string, header http.Header) *answer {
	t.Helper()
	a, err := ask(t, method, url, header)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// freeOfSecrets fails the test where a text shows one of the secrets.
func freeOfSecrets(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s shows the secret %q:\n%s", where, s, text)
		}
	}
}
