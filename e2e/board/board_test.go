package board_test

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/board"
)

var update = flag.Bool("update", false, "write the dashboards to dashboards/")

const (
	dashboards = "../../dashboards"
	rulesDir   = "../../deploy/prometheus/equinix_fabric."
	thresholds = rulesDir + "thresholds.yml"
	recording  = rulesDir + "recording.yml"
	alerts     = rulesDir + "alerts.yml"
)

// build is what would be committed, by file.
func build(t *testing.T) map[string][]byte {
	t.Helper()
	l, err := board.ReadLimits(thresholds, recording, alerts)
	if err != nil {
		t.Fatal(err)
	}
	files, err := board.Build(l)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

type object = map[string]any

// decoded are the dashboards by UID.
func decoded(t *testing.T) map[string]object {
	t.Helper()
	all := map[string]object{}
	for name, text := range build(t) {
		var d object
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[d["uid"].(string)] = d
	}
	return all
}

// list are the objects under a key.
func list(o object, key string) []object {
	var all []object
	entries, _ := o[key].([]any)
	for _, e := range entries {
		all = append(all, e.(object))
	}
	return all
}

// panels are those of a dashboard that are no rows.
func panels(d object) []object {
	return slices.DeleteFunc(list(d, "panels"), func(p object) bool { return p["type"] == "row" })
}

func TestDashboardsAreGeneratedFromTheCode(t *testing.T) {
	want := build(t)
	for name, text := range want {
		if !*update {
			break
		}
		if err := os.WriteFile(filepath.Join(dashboards, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := filepath.Glob(dashboards + "/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range committed {
		name := filepath.Base(file)
		names = append(names, name)
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want[name]) {
			t.Errorf("%s is not what the code makes: run make dashboards", name)
		}
	}
	if !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
		t.Errorf("committed are %v, the code makes %v", names, slices.Sorted(maps.Keys(want)))
	}
}

func TestPanelsSayWhatTheyAre(t *testing.T) {
	for uid, d := range decoded(t) {
		titles := map[string]bool{}
		for _, p := range panels(d) {
			title, _ := p["title"].(string)
			about, _ := p["description"].(string)
			if title == "" || titles[title] {
				t.Errorf("%s: title %q is empty or there twice", uid, title)
			}
			titles[title] = true
			if strings.TrimRight(about, ".?") == about || len(about) < 20 {
				t.Errorf("%s: %s: description %q", uid, title, about)
			}
			if p["datasource"].(object)["uid"] != "${datasource}" {
				t.Errorf("%s: %s has a data source of its own", uid, title)
			}
			defaults, _ := p["fieldConfig"].(object)["defaults"].(object)
			if defaults["unit"] == nil {
				t.Errorf("%s: %s has no unit", uid, title)
			}
		}
	}
}

// The icons of description and links leave a title at 1440 pixels 7 characters in a
// panel of 3 columns, 14 in one of 4, and so on; a range of its own takes 14 more.
func TestTitlesFit(t *testing.T) {
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			room := 7 * (int(p["gridPos"].(object)["w"].(float64)) - 2)
			if p["timeFrom"] != nil {
				room -= 14
			}
			if title := p["title"].(string); len(title) > room {
				t.Errorf("%s: title %q has %d characters, and room for %d", uid, title, len(title), room)
			}
		}
	}
}

// At 1440 pixels a column of the grid has 58. A table that is wider is cut off.
func TestColumnsFit(t *testing.T) {
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			if p["type"] != "table" {
				continue
			}
			width := 30.0 // of the frame and the scrollbar
			for _, o := range list(p["fieldConfig"].(object), "overrides") {
				settings := object{"custom.width": 120.0} // of a column that takes what is left
				for _, prop := range list(o, "properties") {
					settings[prop["id"].(string)] = prop["value"]
				}
				if settings["custom.hidden"] == nil {
					width += settings["custom.width"].(float64)
				}
			}
			if room := 58 * p["gridPos"].(object)["w"].(float64); width > room {
				t.Errorf("%s: the columns of %s need %v pixels of %v", uid, p["title"], width, room)
			}
		}
	}
}

// No value has its own text and colour: Grafana's own would be those of 0.
func TestPanelsSayThatNothingIsKnown(t *testing.T) {
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			defaults := p["fieldConfig"].(object)["defaults"].(object)
			text, _ := defaults["noValue"].(string)
			if text == "" {
				t.Errorf("%s: %s does not say why it is empty", uid, p["title"])
			}
			if p["type"] != "stat" && p["type"] != "bargauge" {
				continue
			}
			result := object{}
			for _, m := range list(defaults, "mappings") {
				if o := m["options"].(object); m["type"] == "special" && o["match"] == "null+nan" {
					result = o["result"].(object)
				}
			}
			if result["text"] != text || result["color"] != "text" && result["color"] != "orange" {
				t.Errorf("%s: %s is drawn as %v without a value", uid, p["title"], result)
			}
		}
	}
}

func TestBarsHaveNames(t *testing.T) {
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			if p["type"] != "bargauge" {
				continue
			}
			name, _ := p["fieldConfig"].(object)["defaults"].(object)["displayName"].(string)
			if !strings.Contains(name, "${__field.labels.") {
				t.Errorf("%s: a single bar of %s is called %q", uid, p["title"], name)
			}
		}
	}
}

// Of a series that another one is filled down to Grafana wants the very name.
func TestBandsEndAtASeries(t *testing.T) {
	bands := 0
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			names := map[any]bool{}
			for _, q := range list(p, "targets") {
				names[q["legendFormat"]] = true
			}
			for _, o := range list(p["fieldConfig"].(object), "overrides") {
				for _, prop := range list(o, "properties") {
					if prop["id"] != "custom.fillBelowTo" {
						continue
					}
					bands++
					if !names[prop["value"]] || strings.Contains(prop["value"].(string), "$") {
						t.Errorf("%s: %s fills down to %v", uid, p["title"], prop["value"])
					}
				}
			}
		}
	}
	if bands != 4 {
		t.Errorf("%d bands, want 4", bands)
	}
}

func TestPanelsFillTheGrid(t *testing.T) {
	for uid, d := range decoded(t) {
		taken, bottom := map[[2]int]string{}, 0
		for _, p := range list(d, "panels") {
			title, pos := p["title"].(string), p["gridPos"].(object)
			at := func(key string) int { return int(pos[key].(float64)) }
			if at("x")+at("w") > 24 || at("h") < 1 {
				t.Errorf("%s: %s stands at %v", uid, title, pos)
			}
			for x := at("x"); x < at("x")+at("w"); x++ {
				for y := at("y"); y < at("y")+at("h"); y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s: %s and %s overlap", uid, title, other)
					}
					taken[[2]int{x, y}] = title
				}
			}
			bottom = max(bottom, at("y")+at("h"))
		}
		if len(taken) != 24*bottom {
			t.Errorf("%s: %d cells of %d are empty", uid, 24*bottom-len(taken), 24*bottom)
		}
	}
}
