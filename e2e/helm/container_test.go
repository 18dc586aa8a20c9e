package helm_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// probeHash is the bcrypt hash of p4ssw0rd, at the lowest cost.
const probeHash = "$2a$04$V6znHabOVLk2fRUHnMQfoeo2/pXuC0MrECgcoQzIwvOXffC4HYlRe"

// cell stands for the file system of a rendered pod: what its volumes bring, at
// the places where the container has them mounted, under a directory.
type cell struct {
	dir       string
	container object
	mounts    []string
}

// notMade is what the objects that the chart only names hold, by name.
func notMade(t *testing.T) map[string]map[string]string {
	t.Helper()
	crt, key := need.Certificate(t)
	const config = "accounts: [{client_id: a, client_secret: b, discover: {enabled: true}}]\n"
	return map[string]map[string]string{
		"equinix-api":   {"client_id": "id\n", "client_secret": "secret\n", "mimir_password": "secret\n"},
		"fabric":        {"emea_id": "id", "emea_secret": "secret", "apac_secret": "secret"},
		"fabric-config": {"exporter.yml": config},
		"exporter-tls":  {"tls.crt": crt, "tls.key": key},
		"ca":            {"ca.crt": crt},
		"exporter-web": {
			"probe-password": "p4ssw0rd\n",
			// A relative path is relative to web.yml, for the exporter and for its probes.
			"web.yml": "tls_server_config: {cert_file: ../equinix_fabric_exporter_tls/tls.crt, key_file: /etc/equinix_fabric_exporter_tls/tls.key}\n" +
				"basic_auth_users: {probe: " + probeHash + "}\n",
		},
	}
}

// newCell puts the pod's files into a directory.
func newCell(t *testing.T, rendered objects) *cell {
	t.Helper()
	w := rendered.workload(t)
	c := &cell{dir: t.TempDir(), container: w.container(t)}
	volumes := map[string]object{}
	for _, v := range w.podSpec().list("volumes") {
		volumes[v.string("name")] = v
	}
	for _, m := range c.container.list("volumeMounts") {
		if m["subPath"] != nil {
			t.Errorf("%v does not follow changes", m)
		}
		c.mounts = append(c.mounts, m.string("mountPath"))
		if m["readOnly"] != true {
			if err := os.MkdirAll(filepath.Join(c.dir, m.string("mountPath")), 0o700); err != nil {
				t.Fatal(err)
			}
			continue // empty at first
		}
		for name, content := range files(t, rendered, volumes[m.string("name")]) {
			c.write(t, filepath.Join(m.string("mountPath"), name), content)
		}
	}
	return c
}

// files are the contents of a volume by name.
func files(t *testing.T, os objects, volume object) map[string]string {
	t.Helper()
	kind, name, source := "ConfigMap", volume.at("configMap").string("name"), volume.at("configMap")
	if s := volume.at("secret"); s != nil {
		kind, name, source = "Secret", s.string("secretName"), s
	}
	if sources := volume.at("projected").list("sources"); len(sources) == 1 {
		return map[string]string{sources[0].at("serviceAccountToken").string("path"): "token"}
	}
	content := maps.Clone(notMade(t)[name])
	for _, o := range os {
		if o.kind() == kind && o.name() == name {
			content = map[string]string{}
			for _, data := range []object{o.at("data"), o.at("stringData")} {
				for k, v := range data {
					content[k] = v.(string)
				}
			}
		}
	}
	if content == nil {
		t.Fatalf("nobody knows what is in %q: %v", name, volume)
	}
	if items := source.list("items"); items != nil {
		chosen := map[string]string{}
		for _, i := range items {
			chosen[i.string("path")] = content[i.string("key")]
		}
		return chosen
	}
	return content
}

// absolute finds the directories of the pod's own files.
var absolute = regexp.MustCompile(`(/etc/equinix_fabric_exporter|/var/run/secrets|/var/lib/equinix_fabric_exporter)`)

// inside is text with the pod's paths as they are in the cell.
func (c *cell) inside(text string) string { return absolute.ReplaceAllString(text, c.dir+"$1") }

func (c *cell) write(t *testing.T, path, content string) {
	t.Helper()
	path = filepath.Join(c.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(c.inside(content)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// args are the container's arguments in the cell.
func (c *cell) args() []string {
	var args []string
	for _, a := range c.container.strings("args") {
		args = append(args, c.inside(a))
	}
	return args
}

// TestExporterTakesArgumentsAndFiles holds every container's arguments, and the
// files that its volumes bring, against the built exporter.
func TestExporterTakesArgumentsAndFiles(t *testing.T) {
	eachRendering(t, func(t *testing.T, name string, os objects) {
		c := newCell(t, os)
		var p process
		for _, e := range c.container.list("env") {
			if e.at("valueFrom", "secretKeyRef") != nil {
				p.env = append(p.env, e.string("name")+"=of-the-secret")
			}
		}
		args := append(ofPod(c.args()), "check")
		said, complaint, err := p.run(t, exporter(t), args...)
		if err != nil || !strings.Contains(said, "is valid") || strings.Contains(said, "warning") {
			t.Errorf("%v: %v: %s%s", args, err, said, complaint)
		}
	})
}

// ofPod puts in the index that Kubernetes gives the pod.
func ofPod(args []string) []string {
	args = slices.Clone(args)
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "$(POD_INDEX)", "1")
	}
	return args
}

func exporter(t *testing.T) string {
	t.Helper()
	return tool(t, "equinix_fabric_exporter")
}
