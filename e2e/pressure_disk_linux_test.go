package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// onHangingDisk starts the exporter on a disk where a system call, with what else
// strace is to look for, does not return before the test calls wake.
func onHangingDisk(t *testing.T, config, call string, more ...string) (x *exporter, wake func()) {
	t.Helper()
	strace := need.Program(t, "strace", "strace")
	// -D: what is started is the exporter, and strace beside it.
	args := slices.Concat([]string{"-D", "-f", "-o", os.DevNull, "--seccomp-bpf", "-e", "trace=" + call, "-e", "inject=" + call + ":delay_enter=3600s"}, more,
		[]string{exporterPath, "--config.file=" + config, "--web.listen-address=127.0.0.1:0"})
	x = launch(t, nil, strace, args...)
	wake = sync.OnceFunc(func() { // without strace the call goes on
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.cmd.Process.Pid))
		if err != nil {
			return // it is gone
		}
		tracer := regexp.MustCompile(`(?m)^TracerPid:\s+(\d+)$`).FindSubmatch(status)
		if pid, err := strconv.Atoi(string(tracer[1])); err == nil && pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	t.Cleanup(wake)
	return x, wake
}

// A disk that hangs under the state file, as one over a network can, holds up
// neither polls nor scrapes nor the end, and is spoken of.
func TestPressureTheDiskHangs(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(api, inFile...)+"state: {file: state}\n")
	x, wake := onHangingDisk(t, config, "fsync")
	base := x.url(t)
	ready(t, base)
	eventually(t, func() error {
		if log := x.stderr.String(); !strings.Contains(log, "the disk does not answer") {
			return errors.New("nothing is logged")
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
	x.stopsWhileItHangs(t, wake)
}

// stopsWhileItHangs stops the exporter. By its log: a process is not gone before its
// call returns.
func (x *exporter) stopsWhileItHangs(t *testing.T, wake func()) {
	t.Helper()
	if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if !strings.Contains(x.stderr.String(), "msg=stopped") {
			return errors.New("it does not say that it stopped")
		}
		return nil
	})
	wake()
	if code := x.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}
