package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// counter counts what a process writes, and the memory that it has taken. (The usage that the
// system reports at its end may be that of this process, which started it.)
type counter struct {
	lines, bytes, writes int
	status               string // file about the process
	resident             int    // at most, MiB
}

var mostResident = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func (c *counter) Write(b []byte) (int, error) {
	c.lines += bytes.Count(b, []byte("\n"))
	c.bytes += len(b)
	if c.writes++; c.writes%100 == 1 {
		status, _ := os.ReadFile(c.status) // the process may have ended
		if match := mostResident.FindSubmatch(status); match != nil {
			kib, err := strconv.Atoi(string(match[1]))
			if err != nil {
				return 0, err
			}
			c.resident = kib >> 10
		}
	}
	return len(b), nil
}

// A backfill of 90 days of a hundred ports takes no more memory than a small container has.
func TestABackfillTakesLittleMemory(t *testing.T) {
	t.Parallel()
	f := fabrictest.Generate(1, 100, 0)
	f.Attach()
	config := backfillConfig(t, fabrictest.New(fabrictest.Options{Fleet: &f}), 1000, 8)
	ctx, cancel := context.WithTimeout(t.Context(), lifetime)
	defer cancel()
	cmd := exec.CommandContext(ctx, exporterPath, "backfill", "--config.file="+config, "--output=-")
	cmd.Env = env{"TMPDIR=" + t.TempDir()}
	var text counter
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text.status = fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)
	_, err = io.Copy(&text, out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	t.Logf("%d samples, %d MiB; %d MiB resident at most, %v of processor time", text.lines, text.bytes>>20, text.resident,
		cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if text.resident == 0 || text.resident > 200 {
		t.Errorf("%d MiB resident", text.resident)
	}
	if want := 100 * 90 * 24 * 12 * 6 * 99 / 100; text.lines < want {
		t.Errorf("%d samples, want %d\n%s", text.lines, want, log.String())
	}
}
