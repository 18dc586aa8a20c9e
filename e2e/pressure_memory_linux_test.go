package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// inCgroup starts the exporter where /proc says that it is in a cgroup whose
// files are in dir: the kind of the mount and its options, and the line of
// /proc/self/cgroup.
func inCgroup(t *testing.T, e env, dir, kind, options, line string) *exporter {
	t.Helper()
	// A mount of its own over its own entries; exec keeps the process id.
	const script = `mount --bind "$1" /proc/$$/mountinfo && mount --bind "$2" /proc/$$/cgroup && shift 2 && exec "$@"`
	own := t.TempDir()
	mountinfo := write(t, own, "mountinfo", "30 23 0:26 / "+dir+" rw,relatime - "+kind+" cgroup "+options+"\n")
	cgroup := write(t, own, "cgroup", line+"\n")
	api := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	config := write(t, own, "config.yml", fixtureConfig(api, inFile...))
	return launch(t, append(e, "PATH="+os.Getenv("PATH")), "unshare", "-rm", "sh", "-c", script, "sh", mountinfo, cgroup,
		exporterPath, "--config.file="+config, "--web.listen-address=127.0.0.1:0")
}

// The Go runtime gets nine tenths of the container's limit, unless the
// environment says otherwise.
func TestPressureMemoryLimitOfTheCgroup(t *testing.T) {
	t.Parallel()
	const none = 1<<63 - 1
	if exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", "mount --bind /dev/null /proc/$$/cgroup").Run() != nil {
		need.Skip(t, "mounts of its own (unshare -rm as root, or allow user namespaces)")
	}
	for _, c := range []struct {
		name, kind, options, line string
		files                     map[string]string
		env                       env
		want                      float64
		says                      string
	}{
		{
			"v2", "cgroup2", "rw", "0::/pod/app", map[string]string{"pod/app/memory.max": "268435456\n"}, nil,
			241591910, `msg="memory limit of the cgroup" limit_bytes=268435456 gomemlimit_bytes=241591910`,
		},
		{
			"v2, of the parent", "cgroup2", "rw", "0::/pod/app",
			map[string]string{"pod/app/memory.max": "max\n", "pod/memory.max": "100000000\n"}, nil, 90000000, "gomemlimit_bytes=90000000",
		},
		{
			"v1", "cgroup", "rw,memory", "4:memory:/pod",
			map[string]string{"pod/memory.limit_in_bytes": "100000000\n", "pod/memory.stat": "hierarchical_memory_limit 100000000\n"}, nil,
			90000000, "gomemlimit_bytes=90000000",
		},
		{
			"v1 without one", "cgroup", "rw,memory", "4:memory:/pod",
			map[string]string{"pod/memory.limit_in_bytes": "9223372036854771712\n"}, nil, none, `msg="no memory limit"`,
		},
		{
			"v2 with GOMEMLIMIT", "cgroup2", "rw", "0::/", map[string]string{"memory.max": "100000000\n"}, env{"GOMEMLIMIT=80MiB"},
			80 << 20, `msg="memory limit of the environment" gomemlimit=80MiB`,
		},
		{
			"garbage", "cgroup2", "rw", "0::/", map[string]string{"memory.max": "much\n"}, nil,
			none, `msg="no memory limit" reason="failed to parse memory.max`,
		},
		{
			"v1 named but not mounted", "cgroup2", "rw", "4:memory:/pod", nil, nil,
			none, `msg="no memory limit" reason="memory controller found in /proc/self/cgroup but no`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, content := range c.files {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, dir, name, content)
			}
			x := inCgroup(t, c.env, dir, c.kind, c.options, c.line)
			got := values(scrapeOnce(t, x.url(t)), only("go_gc_gomemlimit_bytes"))["go_gc_gomemlimit_bytes{}"]
			says := regexp.MustCompile("level=INFO .*" + regexp.QuoteMeta(c.says))
			if got != c.want || !says.MatchString(x.stderr.String()) {
				t.Errorf("GOMEMLIMIT is %.0f, want %.0f, and the log should say %s", got, c.want, says)
			}
		})
	}
}
