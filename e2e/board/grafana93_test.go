package board_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What Grafana 9.3 knows, of what dashboards may have: keys by object. Nothing
// younger may come in, since a newer Grafana would accept it.
var known = map[string]string{
	"dashboard":       "annotations description editable fiscalYearStartMonth graphTooltip id links panels refresh schemaVersion tags templating time timezone title uid",
	"dashboard link":  "asDropdown icon includeVars keepTime tags targetBlank title tooltip type url",
	"link":            "targetBlank title url",
	"variable":        "allValue current datasource definition description includeAll label multi name query refresh regex skipUrlSync sort type",
	"panel":           "datasource description fieldConfig gridPos id interval links options pluginVersion targets timeFrom title transformations transparent type",
	"row":             "collapsed gridPos id panels title type",
	"target":          "datasource editorMode expr format instant legendFormat range refId",
	"defaults":        "color custom decimals displayName links mappings max min noValue thresholds unit",
	"transformations": "merge organize",
	"properties":      "color custom.displayMode custom.fillBelowTo custom.fillOpacity custom.hidden custom.lineStyle custom.lineWidth custom.transform custom.width links mappings max min noValue thresholds unit",
	"matchers":        "byName byRegexp",
	"units":           "bps bytes none percentunit reqps s short",
}

// values are those of settings that have had more since.
var values = map[string]string{
	"colorMode": "background none value", "graphMode": "area none", "textMode": "auto name none value value_and_name",
	"showValue": "always auto never", "mode": "area dashed dashed+area line line+area off", "displayMode": "auto color-text gradient gradient-gauge list table",
}

// options of the panel types that may be used, and their own field settings.
var options = map[string][2]string{
	"stat":           {"colorMode graphMode justifyMode orientation reduceOptions text textMode", ""},
	"timeseries":     {"legend tooltip", "axisPlacement axisSoftMax drawStyle fillOpacity gradientMode lineInterpolation lineWidth showPoints spanNulls stacking thresholdsStyle"},
	"bargauge":       {"displayMode minVizHeight minVizWidth orientation reduceOptions showUnfilled text", ""},
	"table":          {"footer showHeader sortBy", "align displayMode inspect"},
	"state-timeline": {"alignValue legend mergeValues rowHeight showValue tooltip", "fillOpacity lineWidth"},
}

// Grafana itself writes null for the identity of a dashboard that is not saved, and
// for the first colour of thresholds. On any other it may throw.
func TestNullsAreThoseOfGrafana(t *testing.T) {
	for name, text := range build(t) {
		var d any
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		for _, path := range nulls(d, "") {
			if path != ".id" && !strings.HasSuffix(path, ".steps[0].value") {
				t.Errorf("%s: null at %s", name, path)
			}
		}
	}
}

// nulls are the paths of all nulls in JSON.
func nulls(value any, path string) (found []string) {
	switch v := value.(type) {
	case nil:
		return []string{path}
	case object:
		for key, x := range v {
			found = append(found, nulls(x, path+"."+key)...)
		}
	case []any:
		for i, x := range v {
			found = append(found, nulls(x, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return found
}

func only(t *testing.T, where, allowed string, o object) {
	t.Helper()
	for key := range o {
		if !slices.Contains(strings.Fields(allowed), key) {
			t.Errorf("%s: %q is not known to Grafana 9.3", where, key)
		}
	}
}

// among wants the values of an object to be those that Grafana 9.3 knows.
func among(t *testing.T, where string, o object) {
	t.Helper()
	for key, v := range o {
		if s, ok := v.(string); ok && values[key] != "" && !slices.Contains(strings.Fields(values[key]), s) {
			t.Errorf("%s: %s is %q", where, key, s)
		}
	}
}

func one(t *testing.T, where, kind string, value any) {
	t.Helper()
	if s, _ := value.(string); !slices.Contains(strings.Fields(known[kind]), s) {
		t.Errorf("%s: %s %v", where, kind, value)
	}
}

func TestGrafana93KnowsEverything(t *testing.T) {
	for uid, d := range decoded(t) {
		only(t, uid, known["dashboard"], d)
		if d["schemaVersion"] != 37.0 || d["id"] != nil {
			t.Errorf("%s: schema version %v, id %v", uid, d["schemaVersion"], d["id"])
		}
		for _, l := range list(d, "links") {
			only(t, uid+": link", known["dashboard link"], l)
		}
		for _, v := range list(d["templating"].(object), "list") {
			only(t, uid+": variable", known["variable"], v)
		}
		ids := map[any]bool{}
		for _, p := range list(d, "panels") {
			if ids[p["id"]] {
				t.Errorf("%s: panel %v is there twice", uid, p["id"])
			}
			ids[p["id"]] = true
			checkPanel(t, uid+": "+p["title"].(string), p)
		}
	}
}

func checkPanel(t *testing.T, where string, p object) {
	t.Helper()
	if p["type"] == "row" {
		only(t, where, known["row"], p)
		return
	}
	only(t, where, known["panel"], p)
	allowed, ok := options[p["type"].(string)]
	if !ok || p["pluginVersion"] != "9.3.0" {
		t.Errorf("%s: panel type %v, version %v", where, p["type"], p["pluginVersion"])
	}
	only(t, where, allowed[0], p["options"].(object))
	config := p["fieldConfig"].(object)
	defaults := config["defaults"].(object)
	only(t, where, known["defaults"], defaults)
	one(t, where, "units", defaults["unit"])
	custom, _ := defaults["custom"].(object)
	only(t, where, allowed[1], custom)
	among(t, where, p["options"].(object))
	among(t, where, custom)
	style, _ := custom["thresholdsStyle"].(object)
	among(t, where, style)
	if p["type"] == "table" && custom["displayMode"] == nil {
		t.Errorf("%s: later versions translate the cells of its columns only where the panel has a mode too", where)
	}
	for _, l := range append(list(p, "links"), list(defaults, "links")...) {
		only(t, where, known["link"], l)
	}
	for _, q := range list(p, "targets") {
		only(t, where, known["target"], q)
	}
	for _, x := range list(p, "transformations") {
		one(t, where, "transformations", x["id"])
	}
	for _, o := range list(config, "overrides") {
		one(t, where, "matchers", o["matcher"].(object)["id"])
		for _, prop := range list(o, "properties") {
			one(t, where, "properties", prop["id"])
			among(t, where, object{strings.TrimPrefix(prop["id"].(string), "custom."): prop["value"]})
		}
	}
}
