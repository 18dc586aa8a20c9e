package board

import (
	"bytes"
	"encoding/json"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// The schema and plugin versions that Grafana 9.3 writes. Later versions of Grafana
// migrate a dashboard from there; if panels had no version they would migrate from 2018.
const (
	schemaVersion = 37
	pluginVersion = "9.3.0"
)

// younger are the keys that the SDK writes and Grafana 9.3 does not know, by the
// object that holds them. The SDK has one type for the links of panels and of
// dashboards; a link of a panel has fewer keys.
var younger = map[string][]string{
	"panel":          {"repeatDirection"},
	"link":           {"placement"},
	"panel link":     {"placement", "asDropdown", "icon", "includeVars", "keepTime", "tags", "tooltip", "type"},
	"variable":       {"allowCustomValue", "auto", "auto_min", "auto_count"},
	"stat":           {"wideLayout", "showPercentChange", "percentChangeColorMode"},
	"bargauge":       {"valueMode", "namePlacement", "sizing", "legend", "maxVizHeight"},
	"table":          {"cellHeight", "frameIndex", "showTypeIcons"},
	"state-timeline": {"perPage"},
}

// encode writes a dashboard as Grafana 9.3 would.
func encode(d dashboard.Dashboard) ([]byte, error) {
	d.SchemaVersion = schemaVersion
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	doc["id"] = nil
	doc["annotations"] = map[string]any{"list": []any{}}
	forget(doc["links"], "link")
	forget(doc["templating"].(map[string]any)["list"], "variable")
	for i, p := range objects(doc["panels"]) {
		p["id"] = i + 1
		age93(p)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err = e.Encode(doc)
	return out.Bytes(), err
}

// age93 changes a panel to what Grafana 9.3 would write.
func age93(p map[string]any) {
	if p["type"] == "row" {
		return
	}
	p["pluginVersion"] = pluginVersion
	forget([]any{p}, "panel")
	forget(p["links"], "panel link")
	forget([]any{p["options"]}, p["type"].(string))
	config, _ := p["fieldConfig"].(map[string]any)
	defaults, _ := config["defaults"].(map[string]any)
	forget(defaults["links"], "panel link")
	if p["type"] == "table" {
		p["options"].(map[string]any)["footer"] = map[string]any{"show": false, "reducer": []string{"sum"}, "fields": ""}
		// Later versions convert the modes of the columns only if all cells have no mode.
		defaults["custom"] = map[string]any{"align": "auto", "displayMode": "auto", "inspect": false}
	}
}

// forget removes the keys that Grafana 9.3 does not know from objects of a kind.
func forget(list any, kind string) {
	for _, o := range objects(list) {
		for _, key := range younger[kind] {
			delete(o, key)
		}
	}
}

// objects are the objects of a list; no objects if v is not a list.
func objects(list any) []map[string]any {
	all, _ := list.([]any)
	var found []map[string]any
	for _, x := range all {
		if o, ok := x.(map[string]any); ok {
			found = append(found, o)
		}
	}
	return found
}
