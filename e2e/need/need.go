// Package need has what tests of several packages need: programs that Go cannot
// bring, and how to run them, and certificates.
package need

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the first of the named programs in PATH. If there is
// none, the test is skipped for want of a package, which Debian and Fedora call the
// same.
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

// Skip skips a test for want of something, given with how to get it, and adds a line
// to the file SKIPPED, which make test prints at its end. With NOSKIP, which .ci/run
// sets, the test fails instead.
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

// Run runs a program in a directory to its end, with success, and returns what it writes.
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
