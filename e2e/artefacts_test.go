package e2e_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// artefacts are all that an exporter shows or leaves behind, by where it is found.
type artefacts map[string][]byte

// pages adds what the exporter at base answers.
func (a artefacts) pages(t *testing.T, base string) {
	t.Helper()
	for name, accept := range map[string]string{
		"text": "text/plain;version=0.0.4", "OpenMetrics": "application/openmetrics-text;version=1.0.0",
		"protobuf": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
	} {
		for _, encoding := range []string{"identity", "gzip"} {
			a.page(t, base, http.MethodGet, "/metrics", http.Header{"Accept": {accept}, "Accept-Encoding": {encoding}}, name+", "+encoding)
		}
	}
	for _, path := range []string{"/", "/-/healthy", "/-/ready", "/nothing", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/trace?seconds=0.2", "/debug/pprof/profile?seconds=1"} {
		a.page(t, base, http.MethodGet, path, nil, "")
	}
	for _, profile := range []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"} {
		for _, debug := range []string{"0", "1", "2"} {
			a.page(t, base, http.MethodGet, "/debug/pprof/"+profile+"?debug="+debug, nil, "")
		}
	}
	a.page(t, base, http.MethodPost, "/-/reload", nil, "")
}

func (a artefacts) page(t *testing.T, base, method, path string, header http.Header, variant string) {
	t.Helper()
	got := mustAsk(t, method, base+path, header)
	if len(got.body) == 0 {
		t.Errorf("%s %s: %d, and nothing to search", method, path, got.status)
	}
	a[fmt.Sprintf("%s %s %s", method, path, variant)] = fmt.Appendf(got.body, "\n%v", got.header)
}

// process adds what the system shows of a process to whoever may ask.
func (a artefacts) process(t *testing.T, x *exporter) {
	t.Helper()
	for _, name := range []string{"cmdline", "environ"} {
		path := fmt.Sprintf("/proc/%d/%s", x.cmd.Process.Pid, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Logf("no %s here: %v", path, err)
			continue
		}
		a[path] = text
	}
}

// output adds what a process has written.
func (a artefacts) output(x *exporter, name string) {
	a[name+": stdout"], a[name+": stderr"] = []byte(x.stdout.String()), []byte(x.stderr.String())
}

// files adds the files below dir, and those beside them that were left there.
func (a artefacts) files(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		a[path] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// search fails the test where anything shows a secret.
func (a artefacts) search(t *testing.T, h hunt) {
	t.Helper()
	for where, text := range a {
		for _, found := range h.in(text) {
			t.Errorf("%s shows the %s", where, found)
		}
	}
}
