package helm_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// stateFile is what a rendered configuration names, "" for none.
func stateFile(t *testing.T, os objects) string {
	t.Helper()
	var c struct{ State struct{ File string } }
	if err := yaml.Unmarshal([]byte(os.one(t, "ConfigMap").at("data").string("config.yml")), &c); err != nil {
		t.Fatal(err)
	}
	return c.State.File
}

// stateVolume is the volume that can be written to, nil for none.
func stateVolume(w object) object {
	volumes := w.podSpec().list("volumes")
	if i := slices.IndexFunc(volumes, func(v object) bool { return v.string("name") == "state" }); i >= 0 {
		return volumes[i]
	}
	return nil
}

func TestStateLastsAsLongAsItsVolume(t *testing.T) {
	c := fullChart(t)
	for _, want := range []struct {
		set, volume string
		claims      int
	}{
		{"state.enabled=true", "emptyDir", 0},
		{"replicas=2", "emptyDir", 0},
		{"shards=2", "emptyDir", 0},
		{"state.persistentVolume.enabled=true", "persistentVolumeClaim", 1},
		{"state.persistentVolume.enabled=true,shards=2", "", 0}, // the StatefulSet adds it
		{"state.enabled=false", "", 0},
	} {
		os := c.render(t, "--set="+want.set)
		v := stateVolume(os.workload(t))
		if (v == nil) != (want.volume == "") || (v != nil && v.at(want.volume) == nil) || len(os.all("PersistentVolumeClaim")) != want.claims {
			t.Errorf("%s: volume %v, %d claims; want %+v", want.set, v, len(os.all("PersistentVolumeClaim")), want)
		}
	}
}

// A second writer would take the place of what the first one knows.
func TestClaimHasOneWriter(t *testing.T) {
	os := fullChart(t).render(t, "--set=state.persistentVolume.enabled=true")
	w, claim := os.workload(t), os.one(t, "PersistentVolumeClaim")
	if w.at("spec")["replicas"] != 1 || w.at("spec", "strategy").string("type") != "Recreate" {
		t.Errorf("%v replicas, strategy %v", w.at("spec")["replicas"], w.at("spec", "strategy"))
	}
	if name := stateVolume(w).at("persistentVolumeClaim").string("claimName"); name != claim.name() {
		t.Errorf("the pod claims %q, the claim is %q", name, claim.name())
	}
}

// TestClaimStays: what was collected outlives the release and a change of mind.
func TestClaimStays(t *testing.T) {
	claim := fullChart(t).render(t, "--values="+values(t)["persistent"]).one(t, "PersistentVolumeClaim")
	want := object{"helm.sh/resource-policy": "keep", "example.com/backup": "no"}
	if diff := cmp.Diff(want, claim.at("metadata", "annotations")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if modes := claim.at("spec").strings("accessModes"); !slices.Equal(modes, []string{"ReadWriteOncePod"}) {
		t.Errorf("access modes %v", modes)
	}
	os := fullChart(t).render(t, "--set=state.persistentVolume.enabled=true,state.persistentVolume.existingClaim=mine")
	if name := stateVolume(os.workload(t)).at("persistentVolumeClaim").string("claimName"); name != "mine" || len(os.all("PersistentVolumeClaim")) > 0 {
		t.Errorf("the pod claims %q", name)
	}
}

// TestClaimsOfShardsCanBeUpgraded: Kubernetes refuses a StatefulSet whose templates
// of claims change, so nothing of a version may be in them.
func TestClaimsOfShardsCanBeUpgraded(t *testing.T) {
	c := fullChart(t)
	args := []string{"--set=shards=2,state.persistentVolume.enabled=true"}
	before := c.render(t, args...).workload(t).at("spec").list("volumeClaimTemplates")
	file := filepath.Join(c.dir, "Chart.yaml")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "\nversion: ") {
		t.Fatalf("no version in Chart.yaml, error %v", err)
	}
	c.write(t, "Chart.yaml", strings.NewReplacer("\nversion: ", "\nversion: 9", "\nappVersion: ", "\nappVersion: 9").Replace(string(text)))
	after := c.render(t, args...).workload(t)
	if diff := cmp.Diff(before, after.at("spec").list("volumeClaimTemplates")); diff != "" || len(before) != 1 {
		t.Errorf("%d templates (-before +after):\n%s", len(before), diff)
	}
	if name := before[0].at("metadata").string("name"); name != "state" {
		t.Errorf("the template is %q", name)
	}
}

// TestStateIsWrittenToItsVolume starts the exporter with the configuration of each
// rendering, where no API answers, and stops it: the end is always written.
func TestStateIsWrittenToItsVolume(t *testing.T) {
	const account = `[{"api_url": "http://127.0.0.1:1", "client_id": "a", "discover": {"enabled": true},
  "client_secret_file": "/var/run/secrets/equinix/client_secret"}]`
	for _, set := range []string{"state.enabled=true", "shards=2,state.persistentVolume.enabled=true", "state.enabled=false"} {
		rendered := fullChart(t).render(t, "--set="+set, "--set-json=config.accounts="+account)
		c := newCell(t, rendered)
		keeps := set != "state.enabled=false"
		if file := stateFile(t, rendered); (file != "") != keeps {
			t.Errorf("%s: state.file is %q", set, file)
			continue
		}
		c.runAndStop(t)
		_, err := os.Stat(filepath.Join(c.dir, "var/lib/equinix_fabric_exporter/state"))
		if (err == nil) != keeps {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// runAndStop runs the exporter with the container's arguments until it listens, and
// stops it as Kubernetes would.
func (c *cell) runAndStop(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var log need.Output
	args := ofPod(c.args())
	for i, a := range args {
		args[i] = strings.Replace(a, "--web.listen-address=:10345", "--web.listen-address=127.0.0.1:0", 1)
	}
	cmd := exec.CommandContext(ctx, exporter(t), args...)
	cmd.Env, cmd.Stderr = []string{}, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	need.Eventually(t, patience, func() error {
		if !listening.MatchString(log.String()) {
			return errors.New("it listens nowhere:\n" + log.String())
		}
		return nil
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
}
