package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shell is a block of a page that is to be pasted into one.
var shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")

// The page about the demo is run as it stands: the connection that it makes at
// the simulated API shows on /metrics, step by step, and so does what it breaks.
// This program stands in for curl, which not every machine has.
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
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "curl")); err != nil {
		t.Fatal(err)
	}
	sh := exec.CommandContext(t.Context(), "sh", "-e")
	sh.Stdin = strings.NewReader(script.String())
	sh.Env = append(os.Environ(), "API="+x.find(t, &x.stdout, simulated), "METRICS="+base, "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := sh.CombinedOutput()
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

// curl does what curl does with the options of the page.
func curl(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("curl", flag.ContinueOnError)
	flags.Bool("fsS", false, "a status of 400 or more is an error")
	method, data, header := flags.String("X", "", ""), flags.String("d", "", ""), http.Header{}
	flags.Func("H", "", func(line string) error {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
		return nil
	})
	var urls []string
	for len(args) > 0 { // options may follow the URL
		if err := flags.Parse(args); err != nil {
			return err
		}
		if args = flags.Args(); len(args) > 0 {
			urls, args = append(urls, args[0]), args[1:]
		}
	}
	if len(urls) != 1 {
		return fmt.Errorf("one URL expected, not %q", urls)
	}
	if *method == "" && *data != "" {
		*method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(context.Background(), *method, urls[0], strings.NewReader(*data))
	if err != nil {
		return err
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return errors.New(resp.Status)
	}
	_, err = io.Copy(stdout, resp.Body)
	return err
}
