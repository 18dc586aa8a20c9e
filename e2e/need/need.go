// Package need helps tests of several packages to find and run programs that are not
// Go modules, and to make certificates.
package need

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the first of the named programs in PATH. If there is
// none, the test is skipped, with the name of the missing package in Debian and
// Fedora.
func Program(t *testing.T, pkg string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Skip(t, fmt.Sprintf("%s (apt-get install %s, or dnf install %[2]s)", names[0], pkg))
	return ""
}

// Skip skips a test because something is missing, and says how to get it. It adds a
// line to the file SKIPPED, which make test prints at its end. With NOSKIP, which
// .ci/run sets, the test fails instead.
func Skip(t *testing.T, want string) {
	t.Helper()
	if os.Getenv("NOSKIP") != "" {
		t.Fatal("needs " + want)
	}
	if path := os.Getenv("SKIPPED"); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // G304: make test names the file
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprintf(f, "%s: %s\n", want, t.Name())
	}
	t.Skip("needs " + want)
}

// Run runs a program in a directory and returns its output. The test fails if the program does.
func Run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // G204: the test names the program
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}
