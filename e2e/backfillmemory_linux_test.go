package e2e_test

import (
	"bytes"
	"context"
	"os/exec"
	"syscall"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// counter counts what is written.
type counter struct{ lines, bytes int }

func (c *counter) Write(b []byte) (int, error) {
	c.lines += bytes.Count(b, []byte("\n"))
	c.bytes += len(b)
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
	cmd.Stdout, cmd.Stderr = &text, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	resident := usage.Maxrss >> 10
	t.Logf("%d samples, %d MiB; %d MiB resident at most, %v of processor time", text.lines, text.bytes>>20, resident,
		cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if resident > 200 {
		t.Errorf("%d MiB resident", resident)
	}
	if want := 100 * 90 * 24 * 12 * 6 * 99 / 100; text.lines < want {
		t.Errorf("%d samples, want %d\n%s", text.lines, want, log.String())
	}
}
