package need_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// TestWantsAProgram is run by the tests below, on a machine without programs.
func TestWantsAProgram(t *testing.T) {
	if os.Getenv("PATH") == "" {
		need.Program(t, "a-package", "a-program", "another")
		t.Error("goes on without it")
	}
}

func TestAMissingProgramIsListed(t *testing.T) {
	list := filepath.Join(t.TempDir(), "skipped")
	if out, err := withoutPrograms(t, "SKIPPED="+list); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	const want = "a-program (apt-get install a-package, or dnf install a-package): TestWantsAProgram\n"
	if got, err := os.ReadFile(list); err != nil || string(got) != want {
		t.Errorf("the list is %q (%v), want %q", got, err, want)
	}
}

func TestNothingIsSkippedWithNOSKIP(t *testing.T) {
	if out, err := withoutPrograms(t, "NOSKIP=1"); err == nil || !strings.Contains(out, "needs a-program (apt-get install a-package") {
		t.Errorf("%v: %s", err, out)
	}
}

func withoutPrograms(t *testing.T, env string) (string, error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestWantsAProgram$")
	cmd.Env = []string{"PATH=", env}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
