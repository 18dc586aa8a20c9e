// Package release_test holds what makes and runs a release to what nobody can try
// here: workflows with few rights and a fixed order, and nothing that is fetched by
// a name that others may move.
package release_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const root = "../.."

// workflow is what is looked at in a file of .github/workflows.
type workflow struct {
	Permissions any
	Jobs        map[string]job
}

type job struct {
	Needs       words
	Permissions any
	Uses        string
	Container   struct{ Image string }
	Services    map[string]struct{ Image string }
	Steps       []struct {
		Uses string
		With map[string]any
	}
}

// words are one text or a list of them.
type words []string

func (w *words) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*w = words{n.Value}
		return nil
	}
	return n.Decode((*[]string)(w))
}

// writers are the jobs that may change something at GitHub, and what.
var writers = map[string][]string{
	"release.yml publish": {"attestations", "contents", "id-token"},
	"release.yml image":   {"attestations", "id-token", "packages"},
}

var action = regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`)

// looseWorkflow are the faults of a workflow, by its file name.
func looseWorkflow(t *testing.T, name, text string) []string {
	t.Helper()
	var w workflow
	if err := yaml.Unmarshal([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	var faults []string
	if p, ok := w.Permissions.(map[string]any); !ok || len(p) != 1 || p["contents"] != "read" {
		faults = append(faults, fmt.Sprintf("permissions of the workflow are %v", w.Permissions))
	}
	for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
		j := w.Jobs[id]
		faults = append(faults, rights(name+" "+id, j.Permissions)...)
		images := []string{j.Container.Image}
		for _, s := range j.Services {
			images = append(images, s.Image)
		}
		for _, image := range images {
			if image != "" && !foreign.MatchString(image) {
				faults = append(faults, id+": image "+image)
			}
		}
		if j.Uses != "" && !strings.HasPrefix(j.Uses, "./.github/workflows/") {
			faults = append(faults, id+": uses "+j.Uses)
		}
		for _, s := range j.Steps {
			if s.Uses != "" && !action.MatchString(s.Uses) {
				faults = append(faults, id+": uses "+s.Uses)
			}
			if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
				faults = append(faults, id+": leaves credentials in the checkout")
			}
		}
	}
	return faults
}

// rights are the faults of a job's permissions.
func rights(where string, permissions any) []string {
	p, ok := permissions.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s: permissions are %v", where, permissions)}
	}
	var faults []string
	for _, what := range slices.Sorted(maps.Keys(p)) {
		may := p[what] == "read" || p[what] == "write" && slices.Contains(writers[where], what)
		if !may {
			faults = append(faults, fmt.Sprintf("%s: %s: %v", where, what, p[what]))
		}
	}
	return faults
}

// workflows are the files by name.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, ".github/workflows/*"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d workflows, error %v", len(paths), err)
	}
	texts := map[string]string{}
	for _, path := range paths {
		texts[filepath.Base(path)] = read(t, path)
	}
	return texts
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWorkflowsArePinnedAndMayReadOnly(t *testing.T) {
	pinnedAs := map[string]string{}
	for name, text := range workflows(t) {
		for _, fault := range looseWorkflow(t, name, text) {
			t.Errorf("%s: %s", name, fault)
		}
		for _, m := range regexp.MustCompile(`(?m)uses: ([a-z/-]+)@(.*)$`).FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`^[0-9a-f]{40} # v\d+\.\d+\.\d+$`).MatchString(m[2]) {
				t.Errorf("%s: it is not visible which version %s is", name, m[0])
			}
			if before := pinnedAs[m[1]]; before != "" && before != m[2] {
				t.Errorf("%s is pinned as %s and as %s", m[1], before, m[2])
			}
			pinnedAs[m[1]] = m[2]
		}
	}
	if len(pinnedAs) < 5 {
		t.Errorf("actions found: %v", pinnedAs)
	}
}

func TestLooseWorkflowsAreSeen(t *testing.T) {
	const head, jobs = "permissions: {contents: read}\n", "jobs: {a: {permissions: {contents: read}, "
	for text, want := range map[string]string{
		head + jobs + "steps: [{uses: actions/setup-go@v6}]}}":                              "a: uses actions/setup-go@v6",
		head + jobs + "steps: [{uses: actions/setup-go@main}]}}":                            "a: uses actions/setup-go@main",
		head + jobs + "steps: [{uses: docker://alpine:3.20}]}}":                             "a: uses docker://alpine:3.20",
		head + jobs + "steps: [{uses: actions/checkout@" + strings.Repeat("0", 40) + "}]}}": "leaves credentials",
		head + jobs + "uses: other/repo/.github/workflows/x.yml@main}}":                     "a: uses other/repo",
		head + jobs + "container: {image: 'golang:latest'}}}":                               "a: image golang:latest",
		head + jobs + "container: {image: 'docker.io/library/golang:1.26-bookworm'}}}":      "a: image docker.io/library/golang:1.26-bookworm",
		head + jobs + "services: {db: {image: redis}}}}":                                    "a: image redis",
		head + "jobs: {a: {steps: []}}":                                                     "permissions are <nil>",
		head + "jobs: {a: {permissions: write-all}}":                                        "permissions are write-all",
		head + "jobs: {a: {permissions: {packages: write}}}":                                "packages: write",
		head + "jobs: {image: {permissions: {contents: write}}}":                            "contents: write",
		"jobs: {}": "permissions of the workflow are <nil>",
		"permissions: {contents: write}\njobs: {}": "permissions of the workflow",
	} {
		if got := strings.Join(looseWorkflow(t, "release.yml", text), "\n"); !strings.Contains(got, want) {
			t.Errorf("%q in %q, want %q", got, text, want)
		}
	}
}

// Nothing is published that was not tested, nor one half without the other.
func TestReleaseIsInOrder(t *testing.T) {
	var w workflow
	if err := yaml.Unmarshal([]byte(workflows(t)["release.yml"]), &w); err != nil {
		t.Fatal(err)
	}
	for id, before := range map[string][]string{
		"test": {"tag"}, "build": {"tag", "test"}, "image": {"build", "tag", "test"}, "publish": {"build", "image", "tag", "test"},
	} {
		if got := slices.Sorted(maps.Keys(upstream(w, id))); !slices.Equal(got, before) {
			t.Errorf("before %s come %v, want %v", id, got, before)
		}
	}
	for _, own := range [][2]string{{"image", "test"}, {"image", "build"}} {
		if !slices.Contains(w.Jobs[own[0]].Needs, own[1]) {
			t.Errorf("%s needs %v", own[0], w.Jobs[own[0]].Needs)
		}
	}
}

// upstream are the jobs that must have succeeded before one begins.
func upstream(w workflow, id string) map[string]bool {
	all := map[string]bool{}
	for _, n := range w.Jobs[id].Needs {
		all[n] = true
		maps.Copy(all, upstream(w, n))
	}
	return all
}
