package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCaptureAndReplay captures what doctor asks of the demo's API, and watches the
// replay like a developer who received the file.
func TestCaptureAndReplay(t *testing.T) {
	t.Parallel()
	sim, _ := startDemo(t)
	dir := t.TempDir()
	config := write(t, dir, "config.yml", "accounts: [{api_url: "+sim.find(t, &sim.stdout, simulated)+", discover: {enabled: true}}]\n")
	file := filepath.Join(dir, "capture.tar.gz")
	credentials := env{"EQUINIX_API_CLIENTID=demo-client", "EQUINIX_API_CLIENTSECRET=demo-secret"}
	examine := func() *exporter {
		return start(t, credentials, "doctor", "--config.file="+config, "--capture="+file)
	}
	x := examine()
	if code := x.wait(t); code != 0 || !strings.Contains(x.stderr.String(), "Replaced, by number of values: name ") {
		t.Errorf("exit code %d, and it says %s", code, x.stderr.String())
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if y := examine(); y.wait(t) == 0 || !strings.Contains(y.stderr.String(), file+": file exists") {
		t.Errorf("a file that is there already: %s", y.stderr.String())
	}

	replay := start(t, nil, "demo", "--replay="+file, "--web.listen-address=127.0.0.1:0")
	metrics := replay.find(t, &replay.stdout, announced) + "/metrics"
	ready(t, strings.TrimSuffix(metrics, "/metrics"))
	a, err := ask(t, "GET", metrics, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := string(a.body)
	if n := strings.Count(text, "equinix_fabric_port_poll_success{"); n != 12 {
		t.Errorf("%d ports, want 12", n)
	}
	for _, want := range []string{`equinix_fabric_port_traffic_last_bytes_per_second{direction="inbound",port_name="name-`, `equinix_fabric_up{account="account-1"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the replay", want)
		}
	}
	if strings.Contains(text, "SV5-CORE-PRI-10G") {
		t.Error("the replay knows the name of a port")
	}
	if z := start(t, nil, "demo", "--replay="+config); z.wait(t) == 0 || !strings.Contains(z.stderr.String(), "--replay: "+config+": gzip") {
		t.Errorf("a file that is no capture: %s", z.stderr.String())
	}
}
