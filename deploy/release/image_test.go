package release_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

var (
	// foreign is an image of others: an exact version for people, a digest that
	// nobody can move.
	foreign = regexp.MustCompile(`^docker\.io/[a-z]+/[a-z]+:v?\d+\.\d+\.\d+(-[a-z]+)?@sha256:[0-9a-f]{64}$`)
	// own is an image of this project, of a release or of this machine.
	own = regexp.MustCompile(`^(equinix_fabric_exporter:local|ghcr\.io/fabric-exporter/equinix_fabric_exporter:\d+\.\d+\.\d+(-\S+)?)$`)
)

// looseBases are the images that a Dockerfile begins with and that are not
// pinned. Arguments count with their defaults.
func looseBases(text string) []string {
	var loose []string
	known := map[string]string{"scratch": ""}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
		case words[0] == "ARG":
			name, value, _ := strings.Cut(words[1], "=")
			known["${"+name+"}"] = value
		case words[0] == "FROM":
			words = slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
			image, is := known[words[0]]
			if !is {
				image = words[0]
			}
			if _, stage := known[image]; image != "" && !stage && !foreign.MatchString(image) {
				loose = append(loose, image)
			}
			if len(words) == 3 { // AS name
				known[words[2]] = ""
			}
		}
	}
	return loose
}

// looseImages are the values of all keys "image" in YAML that are not pinned.
func looseImages(t *testing.T, text string) (loose []string, found int) {
	t.Helper()
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Value == "image" && c.Kind == yaml.ScalarNode {
				if found++; !foreign.MatchString(c.Value) && !own.MatchString(c.Value) {
					loose = append(loose, c.Value)
				}
			}
			walk(c)
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	walk(&doc)
	return loose, found
}

func TestImagesArePinned(t *testing.T) {
	if loose := looseBases(read(t, root+"/Dockerfile")); len(loose) > 0 {
		t.Errorf("Dockerfile: %v", loose)
	}
	manifests, err := filepath.Glob(root + "/deploy/kubernetes/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, path := range append(manifests, root+"/deploy/compose/compose.yml") {
		loose, found := looseImages(t, read(t, path))
		if total += found; len(loose) > 0 {
			t.Errorf("%s: %v", path, loose)
		}
	}
	if total < 6 { // four of Compose, a Deployment and a StatefulSet
		t.Errorf("%d images found", total)
	}
}

// The chart's image is that of its appVersion, which is a release, unless a user
// says otherwise.
func TestChartHasNoTagOfItsOwn(t *testing.T) {
	var values struct {
		Image struct{ Registry, Repository, Tag, Digest string }
	}
	if err := yaml.Unmarshal([]byte(read(t, root+"/deploy/helm/equinix-fabric-exporter/values.yaml")), &values); err != nil {
		t.Fatal(err)
	}
	if i := values.Image; i.Tag != "" || i.Digest != "" || !own.MatchString(i.Registry+"/"+i.Repository+":1.2.3") {
		t.Errorf("image %+v", i)
	}
}

func TestLooseImagesAreSeen(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0", 64)
	for _, image := range []string{
		"golang", "golang:latest", "docker.io/library/golang:1.26.8", "docker.io/library/golang" + digest,
		"docker.io/library/golang:latest" + digest, "docker.io/library/golang:1.26" + digest,
		"ghcr.io/fabric-exporter/equinix_fabric_exporter:latest", "ghcr.io/fabric-exporter/equinix_fabric_exporter",
	} {
		if loose, _ := looseImages(t, "a: [{image: '"+image+"'}]"); !slices.Equal(loose, []string{image}) {
			t.Errorf("image %s: %v", image, loose)
		}
		for _, file := range []string{"FROM " + image, "ARG X=" + image + "\nFROM --platform=y ${X} AS build\nFROM build", "FROM scratch AS a\nFROM " + image + " AS b\n"} {
			if loose := looseBases(file); !slices.Equal(loose, []string{image}) {
				t.Errorf("%q: %v", file, loose)
			}
		}
	}
	if loose := looseBases("ARG B=docker.io/library/golang:1.26.8" + digest + "\nFROM ${B} AS build\nFROM scratch\nFROM build"); loose != nil {
		t.Error(loose)
	}
}
