package e2e_test

import (
	"net"
	"strings"
	"testing"
)

// healthcheck runs the command of that name with the flags of the exporter at
// address, and returns its exit code and what it says.
func healthcheck(t *testing.T, address string, args ...string) (int, string) {
	t.Helper()
	x := start(t, nil, append([]string{"healthcheck", "--web.listen-address=" + address}, args...)...)
	return x.wait(t), x.stderr.String()
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	address := strings.TrimPrefix(base, "http://")
	if code, said := healthcheck(t, address); code != 0 || said != "" {
		t.Errorf("exit code %d, want 0: %s", code, said)
	}
	if code, said := healthcheck(t, ":1", "--url="+base); code != 0 || said != "" {
		t.Errorf("with --url: exit code %d, want 0: %s", code, said)
	}
}

func TestHealthcheckWithoutAnExporter(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and that is all
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	// Nothing listens on port 1, and only root could change that.
	for _, address := range []string{"127.0.0.1:1", silent.Addr().String()} {
		if code, said := healthcheck(t, address); code != 1 || !strings.Contains(said, address) {
			t.Errorf("exit code %d, want 1 and the address %s: %s", code, address, said)
		}
	}
}

func TestHealthcheckBehindTLSAndPassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	web := "--web.config.file=" + webConfig(t, dir)
	right := "--password-file=" + write(t, dir, "right", password+"\n")
	wrong := "--password-file=" + write(t, dir, "wrong", "guess")

	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", web)
	address := x.address(t)
	for _, c := range []struct {
		name string
		args []string
		code int
		said string
	}{
		{"with the password", []string{web, "--username=" + user, right}, 0, ""},
		{"with another password", []string{web, "--username=" + user, wrong}, 1, "401"},
		{"without a password", []string{web}, 1, "give --username and --password-file"},
		{"with half of it", []string{web, "--username=" + user}, 1, "belong together"},
		{"without TLS", []string{"--username=" + user, right}, 1, "400"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, said := healthcheck(t, address, c.args...)
			if code != c.code || !strings.Contains(said, c.said) || (c.said == "" && said != "") {
				t.Errorf("exit code %d, want %d and %q: %s", code, c.code, c.said, said)
			}
			freeOfSecrets(t, "the healthcheck", said, password)
		})
	}
}
