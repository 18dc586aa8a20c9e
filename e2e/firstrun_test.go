package e2e_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

var (
	demoID     = regexp.MustCompile(`client_id ([^,]+),`)
	demoSecret = regexp.MustCompile(`client_secret (\S+)\)`)
)

// firstRun is an environment with credentials, in which api.equinix.com is the
// simulated API of a demo: a proxy finds the way, and the CA is that of the test.
func firstRun(t *testing.T) env {
	t.Helper()
	demo, _ := startDemo(t)
	api, err := url.Parse(demo.find(t, &demo.stdout, simulated))
	if err != nil {
		t.Fatal(err)
	}
	ca := newAuthority(t)
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(api) }})
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // who stops hangs up
	front.TLS = ca.server(t, "api.equinix.com")
	front.StartTLS()
	t.Cleanup(front.Close)
	return env{
		newTunnels(t, front.Listener.Addr().String(), 0).as(proxyPassword),
		"SSL_CERT_FILE=" + write(t, t.TempDir(), "ca.pem", ca.pem),
		"EQUINIX_API_CLIENTID=" + demo.find(t, &demo.stdout, demoID),
		"EQUINIX_API_CLIENTSECRET=" + demo.find(t, &demo.stdout, demoSecret),
	}
}

// TestFirstRunInOneLine: credentials in the environment and no file are enough.
func TestFirstRunInOneLine(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("config.yml"); !os.IsNotExist(err) {
		t.Fatalf("config.yml in the directory of the tests: %v", err)
	}
	e := firstRun(t)
	x := start(t, e, "--web.listen-address=127.0.0.1:0")
	check, doctor, ports := start(t, e, "check"), start(t, e, "doctor"), start(t, e, "ports", "--output=json")
	ready(t, x.url(t))
	const info = prefix + "port_info"
	if n := len(values(scrapeOnce(t, x.url(t)), only(info))); n < 10 {
		t.Errorf("%d ports", n)
	}
	if log := x.stderr.String(); !strings.Contains(log, "no configuration file; discovering all ports") {
		t.Errorf("the log does not say what is polled:\n%s", log)
	}

	if code, out := check.wait(t), check.stdout.String(); code != 0 || !strings.Contains(out, "EQUINIX_API_CLIENTSECRET from the environment there is one account") {
		t.Errorf("check: exit code %d, %s%s", code, out, check.stderr.String())
	}
	doctor.wait(t) // the demo has ports with faults
	for _, clue := range []string{"no configuration file; discovering", "logged in", "ports seen"} {
		if out := doctor.stdout.String(); !strings.Contains(out, clue) {
			t.Errorf("doctor does not say %q:\n%s%s", clue, out, doctor.stderr.String())
		}
	}
	var listed []any
	if code := ports.wait(t); code != 0 {
		t.Errorf("ports: exit code %d, %s", code, ports.stderr.String())
	}
	if err := json.Unmarshal([]byte(ports.stdout.String()), &listed); err != nil || len(listed) < 10 {
		t.Errorf("ports lists %d, %v", len(listed), err)
	}
}

func TestNeitherFileNorEnvironment(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"run", "check", "doctor", "ports", "backfill"} {
		x := start(t, nil, command)
		code, said := x.wait(t), x.stderr.String()
		for _, clue := range []string{"config.yml: no such file", "--config.file", "EQUINIX_API_CLIENTID and EQUINIX_API_CLIENTSECRET"} {
			if code != 1 || !strings.Contains(said, clue) {
				t.Errorf("%s: exit code %d, %q is missing in %s", command, code, clue, said)
			}
		}
	}
}

// TestCredentialsThatCannotBeRightAreRefused: before anything is sent, and without
// being shown.
func TestCredentialsThatCannotBeRightAreRefused(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	dir := t.TempDir()
	quoted := write(t, dir, "quoted", `"`+clientSecret+`"`)
	open := write(t, dir, "open", clientSecret)
	if err := os.Chmod(open, 0o666); err != nil {
		t.Fatal(err)
	}
	for remedy, file := range map[string]string{
		"accounts[0].client_secret: looks like a variable that was not expanded":           fixtureConfig(api, "client_id: "+clientID, "client_secret: $(SECRET)"),
		"accounts[0].client_secret_file: " + quoted + " has quotes around it":              fixtureConfig(api, "client_id: "+clientID, "client_secret_file: "+quoted),
		"accounts[0].client_secret_file: " + open + " may be written by other users than":  fixtureConfig(api, "client_id: "+clientID, "client_secret_file: "+open),
		"EQUINIX_API_CLIENTSECRET in the environment begins or ends with white space or a": fixtureConfig(api),
	} {
		config := write(t, t.TempDir(), "config.yml", file)
		e := env{inEnv[0], inEnv[1] + "\n"}
		for _, x := range []*exporter{start(t, e, "check", "--config.file="+config), startRun(t, e, config)} {
			code, said := x.wait(t), x.stderr.String()
			if code != 1 || !strings.Contains(said, remedy) {
				t.Errorf("%v: exit code %d, %q is missing in %s", x.cmd.Args, code, remedy, said)
			}
			freeOfSecrets(t, "the refusal", said, clientSecret)
		}
	}
	if n := api.counts()["POST /oauth2/v1/token"]; n > 0 {
		t.Errorf("%d logins", n)
	}
}

// TestConfigurationOnStandardInput: it is read from there, and waiting for it does
// not keep a signal from ending the process.
func TestConfigurationOnStandardInput(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	check := func(stdin io.Reader) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), exporterPath, "check", "--config.file=/dev/stdin")
		cmd.Stdin = stdin
		return cmd
	}
	if out, err := check(strings.NewReader(fixtureConfig(api, inFile...))).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}

	cmd := check(nil)
	var said need.Output
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: if it is written completely, it is read.
	if _, err := io.WriteString(in, strings.Repeat("# more\n", 50_000)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(said.String(), "stopped before the configuration was read") {
		t.Errorf("exit code %d: %s", code, said.String())
	}
}

// TestPipesAreNotRead: opening one would block for ever.
func TestPipesAreNotRead(t *testing.T) {
	t.Parallel()
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, uint32(fs.FileMode(0o600))); err != nil {
		t.Fatal(err)
	}
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(api, inFile...))
	for _, args := range [][]string{{"--config.file=" + pipe}, {"--config.file=" + config, "--web.config.file=" + pipe}} {
		for _, command := range []string{"check", "run"} {
			x := start(t, nil, append([]string{command, "--web.listen-address=127.0.0.1:0"}, args...)...)
			if code, said := x.wait(t), x.stderr.String(); code != 1 || !strings.Contains(said, pipe+" is not a regular file") {
				t.Errorf("%v: exit code %d, %s", x.cmd.Args, code, said)
			}
		}
	}
}

func TestRoutePrefix(t *testing.T) {
	t.Parallel()
	const flag = "--web.external-url=https://example.com/fabric/"
	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", flag)
	base := x.find(t, &x.stdout, announced)
	if want := x.url(t) + "/fabric"; base != want {
		t.Errorf("the demo says %s, want %s", base, want)
	}
	if a := mustAsk(t, http.MethodGet, base+"/metrics", nil); a.status != http.StatusOK {
		t.Errorf("%s/metrics: %d", base, a.status)
	}
	if code, said := healthcheck(t, x.address(t), flag); code != 0 {
		t.Errorf("healthcheck: exit code %d, %s", code, said)
	}
	if code, said := healthcheck(t, x.address(t)); code != 1 || !strings.Contains(said, "404") {
		t.Errorf("healthcheck without the prefix: exit code %d, %s", code, said)
	}
}
