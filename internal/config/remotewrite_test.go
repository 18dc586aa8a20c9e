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
	if w := cfg.Warnings; len(w) != 1 || w[0] != "config.yml:13: remote_write[3].url: sends credentials without encryption: use https" {
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
