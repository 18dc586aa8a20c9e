package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is one of git with the script in it, on main.
type repository struct{ dir string }

func newRepository(t *testing.T) repository {
	t.Helper()
	r := repository{t.TempDir()}
	r.write(t, "deploy/release/tag", read(t, "tag"))
	r.run(t, "git", "init", "-q", "-b", "main")
	return r
}

func (r repository) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// commit makes one with these versions, and a tag of it unless that is "".
func (r repository) commit(t *testing.T, changelog, chart, tag string) {
	t.Helper()
	r.write(t, "CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n"+changelog)
	r.write(t, "deploy/helm/equinix-fabric-exporter/Chart.yaml", "version: 7.7.7\nappVersion: "+chart+"\n")
	r.run(t, "git", "add", "-A")
	r.run(t, "git", "commit", "-q", "--allow-empty", "-m", "test")
	if tag != "" {
		r.run(t, "git", "tag", tag)
	}
}

func (r repository) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "MAIN=main",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	return cmd
}

func (r repository) run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := r.command(t, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func TestTagsThatAreNoReleaseAreRefused(t *testing.T) {
	t.Parallel()
	const newest = "## 1.2.3 / 2026-01-01\n\n## 1.2.2 / 2025-01-01\n"
	for _, tt := range []struct {
		name, changelog, chart, tag string
		untagged                    bool // the first commit
		then                        func(r repository)
		want                        string // "" for a release
	}{
		{name: "release", changelog: newest, chart: "1.2.3", tag: "v1.2.3"},
		{name: "candidate", changelog: "## 2.0.0-rc.1\n" + newest, chart: `"2.0.0-rc.1"`, tag: "v2.0.0-rc.1"},
		{name: "main went on", changelog: newest, chart: "1.2.3", tag: "v1.2.3", then: func(r repository) {
			r.commit(t, newest, "1.2.3", "")
			r.run(t, "git", "checkout", "-q", "v1.2.3")
		}},
		{name: "no version", changelog: newest, chart: "1.2.3", tag: "v1.2", want: "v1.2 is not like v1.2.3"},
		{name: "something behind it", changelog: newest, chart: "1.2.3", tag: "v1.2.3+x", want: "is not like"},
		{name: "no tag", changelog: newest, chart: "1.2.3", then: func(r repository) { r.run(t, "git", "tag", "-d", "v1.2.3") }, tag: "v1.2.3", want: "there is no tag v1.2.3"},
		{name: "older than the changelog", changelog: newest, chart: "1.2.3", tag: "v1.2.2", want: "newest release in CHANGELOG.md is 1.2.3, not 1.2.2"},
		{name: "nothing released", changelog: "", chart: "0.0.0", tag: "v0.0.0", want: "newest release in CHANGELOG.md is none"},
		{name: "another chart", changelog: newest, chart: "1.2.2", tag: "v1.2.3", want: "appVersion of the chart is 1.2.2, not 1.2.3"},
		{name: "another commit", changelog: newest, chart: "1.2.3", tag: "v1.2.3", then: func(r repository) {
			r.commit(t, newest, "1.2.3", "")
		}, want: "v1.2.3 is not what is checked out"},
		{name: "a branch", changelog: newest, chart: "1.2.3", then: func(r repository) {
			r.run(t, "git", "checkout", "-q", "-b", "aside")
			r.commit(t, newest, "1.2.3", "v1.2.3")
		}, tag: "v1.2.3", untagged: true, want: "v1.2.3 is not on main"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t)
			first := tt.tag
			if tt.untagged {
				first = ""
			}
			r.commit(t, tt.changelog, tt.chart, first)
			if tt.then != nil {
				tt.then(r)
			}
			out, err := r.command(t, "bash", "deploy/release/tag", tt.tag).CombinedOutput()
			if (err == nil) != (tt.want == "") || !strings.Contains(string(out), tt.want) {
				t.Errorf("error %v, want %q:\n%s", err, tt.want, out)
			}
		})
	}
}
