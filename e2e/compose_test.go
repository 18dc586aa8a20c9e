package e2e_test

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

const composeDir = "../deploy/compose"

// loadCompose reads compose.yml as Compose does with a profile: relative paths are
// made absolute, and the loader validates it against the schema. Docker is not needed.
func loadCompose(t *testing.T, profile string) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(composeDir)
	if err != nil {
		t.Fatal(err)
	}
	details := types.ConfigDetails{WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yml")}}}
	p, err := loader.LoadWithContext(t.Context(), details, loader.WithProfiles([]string{profile}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComposeProfilesHaveOneExporter(t *testing.T) {
	t.Parallel()
	for profile, exporter := range map[string]string{"demo": "exporter-demo", "real": "exporter"} {
		p := loadCompose(t, profile)
		exporters := slices.DeleteFunc(p.ServiceNames(), func(name string) bool { return !strings.HasPrefix(name, "exporter") })
		if !slices.Equal(exporters, []string{exporter}) {
			t.Errorf("profile %s runs %v, want %v", profile, exporters, exporter)
		}
		if network := p.Services[exporter].Networks["default"]; network == nil || !slices.Contains(network.Aliases, "exporter") {
			t.Errorf("Prometheus does not find %s as exporter", exporter)
		}
	}
}

// TestComposeBackfillRunsOnce: the demo's by itself, and the other one only by name, because it
// asks Equinix for much. Neither starts again when it is done.
func TestComposeBackfillRunsOnce(t *testing.T) {
	t.Parallel()
	for profile, backfill := range map[string]string{"demo": "backfill-demo", "real": "", "backfill": "backfill"} {
		p := loadCompose(t, profile)
		for name, s := range p.Services {
			if strings.HasPrefix(name, "backfill") != strings.HasPrefix(s.Restart, types.RestartPolicyOnFailure) {
				t.Errorf("%s restarts %s", name, s.Restart)
			}
		}
		if _, ok := p.Services[backfill]; ok != (backfill != "") || strings.Contains(strings.Join(p.ServiceNames(), " "), "backfill") != ok {
			t.Errorf("profile %s runs %v", profile, p.ServiceNames())
		}
	}
}

// eachService calls check for each service of all profiles.
func eachService(t *testing.T, check func(*testing.T, *types.Project, types.ServiceConfig)) {
	t.Helper()
	for _, profile := range []string{"demo", "real", "backfill"} {
		p := loadCompose(t, profile)
		for name, s := range p.Services {
			t.Run(profile+"/"+name, func(t *testing.T) { check(t, p, s) })
		}
	}
}

func TestComposeServicesHaveNoRights(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		if !s.ReadOnly || s.Privileged || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.CapAdd) > 0 ||
			!slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("read_only %v, privileged %v, cap_drop %v, cap_add %v, security_opt %v",
				s.ReadOnly, s.Privileged, s.CapDrop, s.CapAdd, s.SecurityOpt)
		}
		if h := s.HealthCheck; h == nil || len(h.Test) == 0 && (!h.Disable || !strings.HasPrefix(s.Restart, types.RestartPolicyOnFailure)) {
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

func TestComposeImagesArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^docker\.io/[a-z/]+:v?\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`)
	eachService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
		if s.Build == nil && !pinned.MatchString(s.Image) {
			t.Errorf("image %s", s.Image)
		}
	})
}

func TestComposeMountedFilesExist(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, _ *types.Project, s types.ServiceConfig) {
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

func TestComposePasswordsComeFromFiles(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, p *types.Project, s types.ServiceConfig) {
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
	ignored, err := os.ReadFile(filepath.Join(composeDir, "secrets/.gitignore"))
	if err != nil || !strings.HasPrefix(string(ignored), "*\n") {
		t.Errorf("git would take the secrets: %q %v", ignored, err)
	}
}
