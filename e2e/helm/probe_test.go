package helm_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// TestProbesFindTheExporter runs the demo with the container's web flags, and
// asks it as the kubelet would.
func TestProbesFindTheExporter(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		// A demo takes seconds; these are all the ways to ask.
		if !slices.Contains([]string{"defaults", "tls", "web-config", "everything"}, name) {
			return
		}
		c := newCell(t, os)
		args := []string{"demo", "--web.listen-address=127.0.0.1:0"}
		for _, a := range c.args() {
			if strings.HasPrefix(a, "--web.config.file=") {
				args = append(args, a)
			}
		}
		address := startDemo(t, args...)
		for _, kind := range []string{"livenessProbe", "readinessProbe"} {
			probe := c.container.at(kind)
			if probe["timeoutSeconds"] != 5 && name != "everything" {
				t.Errorf("%s: %v is less than the command takes", kind, probe["timeoutSeconds"])
			}
			need.Eventually(t, patience, func() error { return c.ask(t, probe, address) })
		}
	})
}

// ask does what a probe says, at another address.
func (c *cell) ask(t *testing.T, probe object, address string) error {
	t.Helper()
	switch {
	case probe.at("httpGet") != nil:
		if port := probe.at("httpGet")["port"]; port != "metrics" {
			t.Fatalf("port %v", port)
		}
		client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get("http://" + address + probe.at("httpGet").string("path"))
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%v: %s", probe, response.Status)
		}
		return nil
	case probe.at("tcpSocket") != nil:
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	default:
		var args []string
		for _, a := range probe.at("exec").strings("command") {
			args = append(args, strings.Replace(c.inside(a), "127.0.0.1:10345", address, 1))
		}
		if len(args) == 0 || args[0] != "/equinix_fabric_exporter" {
			t.Fatalf("the image has no other command: %v", probe)
		}
		said, complaint, err := command(t, exporter(t), args[1:]...)
		if err != nil {
			return fmt.Errorf("%v: %w: %s%s", args, err, said, complaint)
		}
		return nil
	}
}

var listening = regexp.MustCompile(`msg="Listening on" address=(\S+)`)

// startDemo runs the demo until the test ends, and returns where it listens.
func startDemo(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	var log need.Output
	cmd := exec.CommandContext(ctx, exporter(t), args...)
	cmd.Env, cmd.Stderr = []string{}, &log // nil would be ours
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	var address string
	need.Eventually(t, patience, func() error {
		m := listening.FindStringSubmatch(log.String())
		if m == nil {
			return fmt.Errorf("%v does not say where it listens", args)
		}
		address = m[1]
		return nil
	})
	return address
}
