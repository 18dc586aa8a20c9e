package compose_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
)

var exporterFlag = flag.String("exporter", "", "absolute path of the exporter that stands in for its image")

// patience bounds each wait for something that takes milliseconds, however busy
// the machine is.
const patience = 2 * time.Minute

// container is a directory that stands for the root of a container: it has what
// the service mounts there.
type container struct {
	service types.ServiceConfig
	root    string
}

// newContainer copies the mounts of a service, so that a test may change them.
// Volumes become empty directories, secrets files with the text "secret".
func newContainer(t *testing.T, p *types.Project, service string) container {
	t.Helper()
	c := container{p.Services[service], t.TempDir()}
	for _, v := range c.service.Volumes {
		target := c.path(v.Target)
		if info, err := os.Stat(v.Source); v.Type == types.VolumeTypeBind && err == nil && info.IsDir() {
			if err := os.CopyFS(target, os.DirFS(v.Source)); err != nil {
				t.Fatal(err)
			}
			private(t, target)
			continue
		}
		if v.Type != types.VolumeTypeBind {
			if err := os.MkdirAll(target, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := os.ReadFile(v.Source)
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, v.Target, string(text))
	}
	for _, s := range c.service.Secrets {
		c.write(t, "/run/secrets/"+s.Source, "secret")
	}
	return c
}

// private takes the right to write the files in dir from group and others, who have
// it in a clone that was made with a umask of 002.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// path is where a path of the container is on this machine.
func (c container) path(inside string) string { return filepath.Join(c.root, inside) }

func (c container) write(t *testing.T, inside, text string) {
	t.Helper()
	path := c.path(inside)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// edit replaces a text in a file of the container.
func (c container) edit(t *testing.T, inside, from, to string) {
	t.Helper()
	text, err := os.ReadFile(c.path(inside))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		t.Fatalf("%s has no %q", inside, from)
	}
	c.write(t, inside, strings.ReplaceAll(string(text), from, to))
}

// args are the command of the service, with the paths of the container as they
// are on this machine.
func (c container) args() []string {
	args := slices.Clone([]string(c.service.Command))
	for i, a := range args {
		if flag, path, ok := strings.Cut(a, "=/"); ok {
			args[i] = flag + "=" + c.path(path)
		}
	}
	return args
}

// healthy asks a server at base what its health check asks inside the container.
func (c container) healthy(t *testing.T, base string) {
	t.Helper()
	check := c.service.HealthCheck.Test
	_, path, ok := strings.Cut(strings.TrimPrefix(check[len(check)-1], "http://"), "/")
	if !ok || check[1] != "wget" { // which the images have
		t.Fatalf("health check %v", check)
	}
	eventually(t, func() error {
		_, err := get(t, base+"/"+path)
		return err
	})
}

// program is the first of names that is installed.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("none of %v is installed", names)
	return ""
}

// exporter is the exporter of -exporter, or one that is built for the test.
func exporter(t *testing.T) string {
	t.Helper()
	if *exporterFlag != "" {
		return *exporterFlag
	}
	path := filepath.Join(t.TempDir(), "equinix_fabric_exporter")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the exporter: %v\n%s", err, out)
	}
	return path
}

// output runs a program to its end, which must be a good one.
func output(t *testing.T, dir, path string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}

// start runs a program until the test ends, and returns its log.
func start(t *testing.T, dir, path string, args ...string) *log {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	cmd := exec.CommandContext(ctx, path, args...)
	l := &log{}
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, l, l
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%v\n%s", cmd.Args, l)
		}
	})
	return l
}

// log is what a process writes.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

var listening = regexp.MustCompile(`msg="Listening on" .*address=(127\.0\.0\.1:\d+)`)

// address is where the process says that it listens.
func (l *log) address(t *testing.T) string {
	t.Helper()
	var found string
	eventually(t, func() error {
		m := listening.FindStringSubmatch(l.String())
		if m == nil {
			return fmt.Errorf("it listens nowhere:\n%s", l)
		}
		found = m[1]
		return nil
	})
	return found
}

// get is the body of a page that must be there.
func get(t *testing.T, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return string(body), err
}

// eventually calls check until it returns nil.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %v: %v", patience, err)
		}
	}
}
