package e2e_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shell is a block of a page that is to be pasted into one.
var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// The page about the demo is run as it stands: the connection that it makes at
// the simulated API shows on /metrics, step by step, and so does what it breaks.
func TestDemoPageWorksAsWritten(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/demo.md")
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range shell.FindAllStringSubmatch(string(page), -1) {
		script.WriteString(block[1] + "echo\n")
	}
	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", "--web.enable-reload")
	base := x.find(t, &x.stdout, announced)
	ready(t, base)
	bash := exec.CommandContext(t.Context(), "bash", "-e")
	bash.Stdin = strings.NewReader(script.String())
	bash.Env = append(os.Environ(), "API="+x.find(t, &x.stdout, simulated), "METRICS="+base)
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for step := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n\n") {
		// What is left of each series is its state, and its value.
		step = regexp.MustCompile(`\S*_port_connections\S*\{\S*port_uuid="[^"]*",?`).ReplaceAllString(step, "")
		step = regexp.MustCompile(`equinix_fabric_(.*)_total\{.*reason="(.*)"\} [1-9].*`).ReplaceAllString(step, "$1 $2")
		got = append(got, strings.NewReplacer(`state=`, "", "}", "", "\n", ", ", `"`, "").Replace(step))
	}
	want := []string{
		" 0", "PENDING 1,  0", "PROVISIONED 1,  2.5e+07", "PROVISIONED 1,  6.25e+07", "DEPROVISIONED 1,  0",
		"fault:http-500, fault:http-502, fault:http-503, fault:http-504", "api_errors decode", "on:[]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s\n%s", diff, out)
	}
}
