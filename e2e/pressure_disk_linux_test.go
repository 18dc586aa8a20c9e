package e2e_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// onSlowDisk starts the exporter on a disk where a system call, with what else
// strace is to look for, takes eight seconds.
func onSlowDisk(t *testing.T, config, call string, more ...string) *exporter {
	t.Helper()
	if testing.Short() {
		t.Skip("needs strace")
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("no strace: install it (on Debian: apt-get install strace), or leave out what needs other programs with -short")
	}
	// -D: what is started is the exporter, and strace beside it.
	args := slices.Concat([]string{"-D", "-f", "-o", os.DevNull, "--seccomp-bpf", "-e", "trace=" + call, "-e", "inject=" + call + ":delay_enter=8s"}, more,
		[]string{exporterPath, "--config.file=" + config, "--web.listen-address=127.0.0.1:0"})
	return launch(t, nil, strace, args...)
}

// A disk that hangs under the state file, as one over a network can, holds up
// neither polls nor scrapes nor the end, and is spoken of.
func TestPressureTheDiskHangs(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(api, inFile...)+"state: {file: state}\n")
	x := onSlowDisk(t, config, "fsync")
	base := x.url(t)
	ready(t, base)
	eventually(t, func() error {
		if log := x.stderr.String(); !strings.Contains(log, "the disk does not answer") {
			return errors.New("nobody complains")
		}
		return nil
	})
	const failures = prefix + "state_write_failures_total"
	if got := values(scrapeOnce(t, base), only(failures))[failures+"{}"]; got < 1 {
		t.Errorf("%s is %v, want 1 or more", failures, got)
	}
	if a := mustAsk(t, http.MethodGet, base+"/-/healthy", nil); a.status != http.StatusOK {
		t.Errorf("not healthy: %s", a.body)
	}
	// By the log: a process whose call is held up is not gone before that is over.
	const promise = 7 * time.Second
	signalled := time.Now()
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if !strings.Contains(x.stderr.String(), "msg=stopped") {
			return errors.New("it does not say that it stopped")
		}
		return nil
	})
	if took := time.Since(signalled); took > promise {
		t.Errorf("stopped after %v, want %v", took, promise)
	}
	if code := x.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
