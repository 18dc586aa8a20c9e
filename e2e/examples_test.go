package e2e_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
	"golang.org/x/crypto/bcrypt"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// examples are the files that users copy.
const examples = "../deploy/prometheus/examples/"

// The user of the example of a web configuration, and a password for it.
const user, password = "prometheus", "p4ssw0rd"

// TestExampleOfTLSAndPassword has Prometheus scrape the exporter, both with the
// example files. Only the address and the pace are the test's.
func TestExampleOfTLSAndPassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	x := start(t, nil, "demo", "--web.listen-address=127.0.0.1:0", "--web.config.file="+webConfig(t, dir))
	if base, want := x.find(t, &x.stdout, announced), "https://"+x.address(t); base != want {
		t.Errorf("the demo says %s, want %s", base, want)
	}
	scrape := func(content string) *server {
		write(t, dir, "password", content)
		cfg := exampleConfig(t, dir, "prometheus-tls.yml")
		// The certificate has the name of the example's target.
		static := cfg.ScrapeConfigs[0].ServiceDiscoveryConfigs[0].(discovery.StaticConfig)
		host, _, _ := strings.Cut(string(static[0].Targets[0][model.AddressLabel]), ":")
		cfg.ScrapeConfigs[0].HTTPClientConfig.TLSConfig.ServerName = host
		return newServerOf(t, cfg, x.address(t))
	}
	scrape(password+"\n").scraped(t, 1)
	guessing := scrape("guess")
	eventually(t, func() error {
		targets := guessing.manager.TargetsActive()[job]
		if len(targets) != 1 {
			return fmt.Errorf("%d targets", len(targets))
		}
		if err := targets[0].LastError(); err == nil || !strings.Contains(err.Error(), "401 Unauthorized") {
			return fmt.Errorf("with another password: %w", err)
		}
		return nil
	})
}

func TestExampleWithoutTLS(t *testing.T) {
	t.Parallel()
	_, base := startDemo(t)
	newServerOf(t, exampleConfig(t, t.TempDir(), "prometheus.yml"), strings.TrimPrefix(base, "http://")).scraped(t, 1)
}

// exampleConfig is an example for Prometheus, read in dir, where the files that
// it names are.
func exampleConfig(t *testing.T, dir, name string) *config.Config {
	t.Helper()
	file := write(t, dir, name, example(t, name))
	cfg, err := config.LoadFile(file, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.ScrapeConfigs) != 1 || cfg.ScrapeConfigs[0].JobName != job {
		t.Fatalf("%s does not scrape %s and nothing else", name, job)
	}
	return cfg
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// webConfig writes the example of a web configuration to dir, with a password for
// its user and a certificate, which is also its own authority in ca.pem.
func webConfig(t *testing.T, dir string) string {
	t.Helper()
	cert, key := need.Certificate(t)
	write(t, dir, "cert.pem", cert)
	write(t, dir, "ca.pem", cert)
	write(t, dir, "key.pem", key)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	text, replaced := example(t, "web.yml"), "  "+user+": "+string(hash)
	content := regexp.MustCompile("(?m)^  "+user+`: \$2[aby]\$.*$`).ReplaceAllLiteralString(text, replaced)
	if content == text {
		t.Fatalf("the example has no user %s", user)
	}
	return write(t, dir, "web.yml", content)
}
