package web_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

func TestHealthcheck(t *testing.T) {
	well := web.Handler(newOptions(t, nil))
	o := newOptions(t, nil)
	o.Alive = func() error { return errStuck }
	ill := web.Handler(o)
	secret := write(t, t.TempDir(), "password", password+"\n")
	wrong := write(t, t.TempDir(), "password", "guess")
	for _, tt := range []struct {
		name    string
		handler http.Handler
		config  string
		options web.HealthcheckOptions
		want    string // in the error; "" for none
	}{
		{name: "plain", handler: well},
		{name: "ill", handler: ill, want: errStuck.Error()},
		{name: "basic auth", handler: well, config: webConfig(t, false), options: web.HealthcheckOptions{Username: "scraper", PasswordFile: secret}},
		{name: "tls", handler: well, config: webConfig(t, true), options: web.HealthcheckOptions{Username: "scraper", PasswordFile: secret}},
		{name: "without the password", handler: well, config: webConfig(t, false), want: "--username and --password-file"},
		{name: "wrong password", handler: well, config: webConfig(t, false), options: web.HealthcheckOptions{Username: "scraper", PasswordFile: wrong}, want: "401"},
		{name: "half of them", handler: well, options: web.HealthcheckOptions{Username: "scraper"}, want: "belong together"},
		{name: "no such file", handler: well, options: web.HealthcheckOptions{Username: "scraper", PasswordFile: "/nonexistent"}, want: "--password-file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := flags(tt.config)
			address := serve(t, tt.handler, f)
			f.WebListenAddresses = &[]string{address}
			err := web.Healthcheck(t.Context(), f, tt.options)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
}

func TestHealthcheckAsksLoopbackForAWildcard(t *testing.T) {
	_, port, err := net.SplitHostPort(serve(t, web.Handler(newOptions(t, nil)), flags("")))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{":" + port, "0.0.0.0:" + port} {
		f := flags("")
		f.WebListenAddresses = &[]string{"vsock://:9100", address} // it cannot ask the first
		if err := web.Healthcheck(t.Context(), f, web.HealthcheckOptions{}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestHealthcheckWithoutATCPAddress(t *testing.T) {
	f := flags("")
	f.WebSystemdSocket = new(true)
	if err := web.Healthcheck(t.Context(), f, web.HealthcheckOptions{}); err == nil || !strings.Contains(err.Error(), "--url") {
		t.Errorf("error %v, want one that names --url", err)
	}
}

func TestHealthcheckOfAURL(t *testing.T) {
	address := serve(t, web.Handler(newOptions(t, nil)), flags(""))
	for _, url := range []string{"http://" + address, "http://" + address + "/-/healthy"} {
		if err := web.Healthcheck(t.Context(), flags(""), web.HealthcheckOptions{URL: url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestHealthcheckWithoutAnExporter(t *testing.T) {
	f := flags("")
	f.WebListenAddresses = &[]string{"127.0.0.1:1"} // nothing listens there
	if err := web.Healthcheck(t.Context(), f, web.HealthcheckOptions{}); err == nil {
		t.Error("healthy without an exporter")
	}
}

func TestHealthcheckCannotShowAClientCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir)
	config := write(t, dir, "web.yml", "tls_server_config:\n  cert_file: "+cert+"\n  key_file: "+key+"\n  client_auth_type: RequireAndVerifyClientCert\n")
	if err := web.Healthcheck(t.Context(), flags(config), web.HealthcheckOptions{}); err == nil || !strings.Contains(err.Error(), "client certificate") {
		t.Errorf("error %v", err)
	}
}

// Whoever takes the port while the exporter is away gets no password: over TLS only
// the exporter's own certificate does.
func TestHealthcheckSendsThePasswordToTheExporterOnly(t *testing.T) {
	requests := 0
	impostor := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	impostor.Config.ErrorLog = slog.NewLogLogger(testLog(t).Handler(), slog.LevelDebug)
	impostor.StartTLS()
	defer impostor.Close()
	secret := write(t, t.TempDir(), "password", password+"\n")
	config := webConfig(t, true)
	own := serve(t, web.Handler(newOptions(t, nil)), flags(config))
	taken := strings.TrimPrefix(impostor.URL, "https://")
	for _, tt := range []struct {
		name, config, address, url string
		withPassword               bool
		want                       string
	}{
		{"the exporter's address", config, taken, "", true, "another certificate"},
		{"by URL", config, "", impostor.URL, true, "another certificate"},
		{"by URL, and nothing to know it by", "", "", impostor.URL, true, "--web.config.file"},
		{"the exporter by URL", config, "", "https://" + own, true, ""},
		{"no password to lose", "", "", "https://" + own, false, "--username and --password-file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := flags(tt.config)
			f.WebListenAddresses = &[]string{tt.address}
			o := web.HealthcheckOptions{URL: tt.url}
			if tt.withPassword {
				o.Username, o.PasswordFile = "scraper", secret
			}
			err := web.Healthcheck(t.Context(), f, o)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q in it", err, tt.want)
			}
		})
	}
	if requests > 0 {
		t.Errorf("%d requests reached another program", requests)
	}
}

// A web configuration may hold the certificate itself.
func TestHealthcheckKnowsACertificateInTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certificate(t, dir)
	indented := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll("\n"+strings.TrimSpace(string(text)), "\n", "\n    ")
	}
	f := flags(write(t, dir, "web.yml", "tls_server_config:\n  cert: |"+indented(certFile)+"\n  key: |"+indented(keyFile)+"\n"))
	f.WebListenAddresses = &[]string{serve(t, web.Handler(newOptions(t, nil)), f)}
	if err := web.Healthcheck(t.Context(), f, web.HealthcheckOptions{}); err != nil {
		t.Error(err)
	}
}
