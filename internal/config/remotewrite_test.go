package config_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// The keys of a receiver, with those of Prometheus' HTTP client, end in the request.
func TestReceiverIsReachedAsItsKeysSay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("config.yml", []byte(minimal+`
remote_write:
  - url: http://u:p%20w@mimir.example:9009/api/v1/push?tenant=x#y
  - url: https://prometheus/api/v1/write
    name: prometheus
    remote_timeout: 10s
    protobuf_message: io.prometheus.write.v2.Request
    headers: {x-scope-orgid: 0815}
    basic_auth: &login {username: exporter, password_file: password}
    follow_redirects: false
  - {url: "http://[::1]/w", basic_auth: *login}
  - {url: http://10.0.0.1/w, authorization: {credentials: 0123}}
state: {file: state}
`), dir, fullEnv)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range cfg.RemoteWrite {
		names = append(names, w.Name)
	}
	if diff := cmp.Diff([]string{"http://mimir.example:9009/api/v1/push", "prometheus", "http://[::1]/w", "http://10.0.0.1/w"}, names); diff != "" {
		t.Error(diff)
	}
	if first := cfg.RemoteWrite[0]; first.RemoteTimeout != 30*time.Second || first.ProtobufMessage != config.RemoteWriteV1 || !slices.Equal(first.Secrets(), []string{"p w", "tenant=x"}) {
		t.Errorf("%+v, secrets %q", first, first.Secrets())
	}
	const plain = ".url: sends credentials without encryption: use https"
	if w := cfg.Warnings; !slices.Equal(w, []string{"config.yml:4: remote_write[0]" + plain, "config.yml:13: remote_write[3]" + plain}) {
		t.Errorf("warnings: %q", w)
	}
	if last := cfg.RemoteWrite[3]; !slices.Equal(last.Secrets(), []string{"0123"}) { // not the octal number
		t.Errorf("secrets %q", last.Secrets())
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = io.WriteString(w, user+" "+password+" "+r.Header.Get("X-Scope-Orgid")+" "+r.UserAgent())
	}))
	defer server.Close()
	transport, err := cfg.RemoteWrite[1].Transport("exporter/1")
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(resp.Body); string(body) != "exporter 0123 0815 exporter/1" {
		t.Errorf("%s", body)
	}
}

// Whatever key of the HTTP client a secret is in, it is never shown.
func TestSecretsOfReceivers(t *testing.T) {
	for _, keys := range []string{
		`url: "http://u:s3cr3t@x/"`,
		`url: "http://x/?s3cr3t"`,
		`url: "http://x/", headers: {X-Token: s3cr3t}`,
		`url: "http://x/", http_headers: {X-Token: {secrets: [s3cr3t]}}`,
		`url: "http://x/", proxy_url: "http://u:s3cr3t@y/"`,
		`url: "http://x/", proxy_url: "http://y/", proxy_connect_header: {Proxy-Authorization: [s3cr3t]}`,
		`url: "http://x/", bearer_token: s3cr3t`,
		`url: "http://x/", authorization: {credentials: s3cr3t}`,
		`url: "http://x/", basic_auth: {username: u, password: s3cr3t}`,
		`url: "http://x/", oauth2: {client_id: i, client_secret: s3cr3t, token_url: "http://y/"}`,
		`url: "http://x/", oauth2: {client_id: i, client_secret: c, token_url: "http://y/", tls_config: {cert: c, key: s3cr3t}}`,
	} {
		cfg, err := config.Parse("config.yml", []byte(minimal+"\nremote_write: [{"+keys+"}]\nstate: {file: state}\n"), "", fullEnv)
		if err != nil {
			t.Errorf("%s: %v", keys, err)
		} else if all := cfg.RemoteWrite[0].Secrets(); !slices.Contains(all, "s3cr3t") {
			t.Errorf("%s: secrets %q", keys, all)
		}
	}
}
