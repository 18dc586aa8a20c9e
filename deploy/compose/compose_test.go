// Package compose_test holds compose.yml against the Compose Specification and
// runs what its containers run. Docker itself is not needed.
package compose_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// load is compose.yml as Compose understands it with a profile, relative paths
// made absolute. The loader validates it against the schema.
func load(t *testing.T, profile string) *types.Project {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	details := types.ConfigDetails{WorkingDir: here, ConfigFiles: []types.ConfigFile{{Filename: "compose.yml"}}}
	p, err := loader.LoadWithContext(t.Context(), details, loader.WithProfiles([]string{profile}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProfilesHaveOneExporter(t *testing.T) {
	t.Parallel()
	for profile, exporter := range map[string]string{"demo": "exporter-demo", "real": "exporter"} {
		want := []string{"alertmanager", exporter, "grafana", "prometheus"}
		p := load(t, profile)
		if got := p.ServiceNames(); !slices.Equal(got, want) {
			t.Errorf("profile %s runs %v, want %v", profile, got, want)
		}
		if network := p.Services[exporter].Networks["monitoring"]; network == nil || !slices.Contains(network.Aliases, "exporter") {
			t.Errorf("Prometheus does not find %s as exporter", exporter)
		}
	}
}

// everyService calls check for each service of both profiles.
func everyService(t *testing.T, check func(*testing.T, *types.Project, types.ServiceConfig)) {
	t.Helper()
	for _, profile := range []string{"demo", "real"} {
		p := load(t, profile)
		for name, s := range p.Services {
			t.Run(profile+"/"+name, func(t *testing.T) { check(t, p, s) })
		}
	}
}

func TestServicesHaveNoRights(t *testing.T) {
	t.Parallel()
	everyService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		if !s.ReadOnly || s.Privileged || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 ||
			!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("read_only %v, privileged %v, cap_drop %v, cap_add %v, security_opt %v",
				s.ReadOnly, s.Privileged, s.CapDrop, s.CapAdd, s.SecurityOpt)
		}
		if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 {
			t.Error("no health check")
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("port %s is open on %q", port.Published, port.HostIP)
			}
		}
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeBind && !v.ReadOnly {
				t.Errorf("%s is mounted for writing", v.Source)
			}
		}
	})
}

func TestImagesArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^docker\.io/[a-z/]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`)
	everyService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("image %s", s.Image)
		}
	})
}

func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	everyService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Error(err)
			}
		}
		if s.Build != nil {
			if _, err := os.Stat(filepath.Join(s.Build.Context, "Dockerfile")); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestPasswordsComeFromFiles(t *testing.T) {
	t.Parallel()
	everyService(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
		for key, value := range s.Environment {
			if strings.Contains(key, "PASSWORD") && (!strings.HasSuffix(key, "__FILE") || !strings.HasPrefix(*value, "/run/secrets/")) {
				t.Errorf("%s=%s", key, *value)
			}
		}
		for _, secret := range s.Secrets {
			if p.Secrets[secret.Source].File != filepath.Join(p.WorkingDir, "secrets", secret.Source) {
				t.Errorf("secret %s is read from %s", secret.Source, p.Secrets[secret.Source].File)
			}
		}
	})
	ignored, err := os.ReadFile("secrets/.gitignore")
	if err != nil || !strings.HasPrefix(string(ignored), "*\n") {
		t.Errorf("git would take the secrets: %q %v", ignored, err)
	}
}
