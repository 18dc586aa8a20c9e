package helm_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// value is a row of the table of values.
type value struct{ path, fallback, text string }

// documented are the values of values.yaml, each with the comment above it.
func documented(t *testing.T) []value {
	t.Helper()
	content, err := os.ReadFile(chartDir + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, "", doc.Content[0])
}

func rowsOf(t *testing.T, prefix string, m *yaml.Node) []value {
	t.Helper()
	var rows []value
	for i := 0; i < len(m.Content); i += 2 {
		key, v := m.Content[i], m.Content[i+1]
		path, text := prefix+key.Value, comment(key)
		if v.Kind == yaml.MappingNode && len(v.Content) > 0 && comment(v.Content[0]) != "" {
			if text != "" {
				rows = append(rows, value{path: path, text: text})
			}
			rows = append(rows, rowsOf(t, path+".", v)...)
			continue
		}
		if text == "" {
			t.Errorf("%s has no comment", path)
		}
		rows = append(rows, value{path, inline(t, v), text})
	}
	return rows
}

// comment is what stands directly above a key.
func comment(key *yaml.Node) string {
	paragraphs := strings.Split(key.HeadComment, "\n\n")
	lines := strings.Split(paragraphs[len(paragraphs)-1], "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(strings.TrimPrefix(l, "#"), " ")
	}
	return strings.Join(lines, " ")
}

// inline is a default as JSON, or nothing where it is too long for a table.
func inline(t *testing.T, n *yaml.Node) string {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if len(content) > 60 {
		return "see values.yaml"
	}
	return "`" + string(content) + "`"
}

var table = regexp.MustCompile(`(?s)(<!-- values -->\n).*(<!-- end of values -->)`)

func TestReadmeInStep(t *testing.T) {
	var b strings.Builder
	b.WriteString("| value | default | meaning |\n|---|---|---|\n")
	for _, v := range documented(t) {
		b.WriteString("| `" + v.path + "` | " + v.fallback + " | " + strings.ReplaceAll(v.text, "|", `\|`) + " |\n")
	}
	readme := read(t, chartDir, "README.md")["README.md"]
	if !table.MatchString(readme) {
		t.Fatal("README.md has no place for the table")
	}
	want := table.ReplaceAllStringFunc(readme, func(string) string {
		return "<!-- values -->\n" + b.String() + "<!-- end of values -->"
	})
	holdInStep(t, chartDir, "README.md", map[string]string{"README.md": want})
}

// TestSchemaKnowsEveryValue holds values.schema.json against values.yaml, both
// ways, wherever the schema lists the keys. Names of other charts (true), what a
// chart around this one has, and the operator's endpoint are not in values.yaml.
func TestSchemaKnowsEveryValue(t *testing.T) {
	var schema, defaults object
	for name, into := range map[string]*object{"values.schema.json": &schema, "values.yaml": &defaults} {
		if err := yaml.Unmarshal([]byte(read(t, chartDir, name)[name]), into); err != nil {
			t.Fatal(err)
		}
	}
	var compare func(path string, schema, defaults object)
	compare = func(path string, schema, defaults object) {
		if schema["additionalProperties"] != false || strings.HasSuffix(path, ".endpoint") {
			return
		}
		properties := maps.Clone(schema.at("properties"))
		maps.DeleteFunc(properties, func(key string, v any) bool {
			return v == true || (path == "" && (key == "global" || key == "enabled"))
		})
		known, given := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(defaults))
		if diff := cmp.Diff(given, known); diff != "" {
			t.Errorf("%s (-values +schema):\n%s", path, diff)
		}
		for _, k := range known {
			compare(path+"."+k, schema.at("properties", k), defaults.at(k))
		}
	}
	compare("", schema, defaults)
	if schema["additionalProperties"] != false {
		t.Error("the schema lets unknown values through")
	}
}

var release = regexp.MustCompile(`(?m)^## v?(\d+\.\d+\.\d+\S*)`)

// TestAppVersionIsTheNewestRelease holds Chart.yaml against CHANGELOG.md.
func TestAppVersionIsTheNewestRelease(t *testing.T) {
	want := "0.0.0" // before the first
	if m := release.FindStringSubmatch(read(t, root, "CHANGELOG.md")["CHANGELOG.md"]); m != nil {
		want = m[1]
	}
	var c struct {
		AppVersion string `yaml:"appVersion"`
	}
	if err := yaml.Unmarshal([]byte(read(t, chartDir, "Chart.yaml")["Chart.yaml"]), &c); err != nil {
		t.Fatal(err)
	}
	if c.AppVersion != want {
		t.Errorf("appVersion %s, newest release %s", c.AppVersion, want)
	}
}
