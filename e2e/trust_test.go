package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// The system's roots are trusted where there is no ca_file, and those of a
// ca_file in their place. A reload reads it again.
func TestTrustInTheAPI(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t), newAuthority(t)
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	ca.certify(t, api)
	address := fmt.Sprintf("https://localhost:%d", api.Listener.Addr().(*net.TCPAddr).Port)
	dir := t.TempDir()
	system := env{"SSL_CERT_FILE=" + write(t, dir, "system.pem", ca.pem)}
	text := strings.Replace(fixtureConfig(api, inFile...), api.URL, address, 1) + "api: {max_retries: 0}\n"
	full(t, startRun(t, system, write(t, dir, "config.yml", text)).url(t), 1)

	write(t, dir, "ca.pem", other.pem)
	config := write(t, dir, "ca.yml", strings.Replace(text, address, address+"\n    ca_file: ca.pem", 1))
	x := startRun(t, system, config, "--web.enable-reload")
	base := x.url(t)
	ready(t, base)
	for _, clue := range []string{"signed by unknown authority", "; if a proxy or a CA of your own signs it, name the certificate of that CA in ca_file"} {
		if log := x.stderr.String(); !strings.Contains(log, clue) {
			t.Errorf("the log does not say %q:\n%s", clue, log)
		}
	}
	write(t, dir, "ca.pem", "no certificate")
	if a := mustAsk(t, http.MethodPost, base+"/-/reload", nil); a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "ca_file") {
		t.Errorf("a broken ca_file: %d %s", a.status, a.body)
	}
	write(t, dir, "ca.pem", ca.pem)
	if a := mustAsk(t, http.MethodPost, base+"/-/reload", nil); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	full(t, base, 1)
}
