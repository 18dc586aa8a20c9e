package grafana

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// FieldOf is how the values of that name look, overrides included.
func (p Panel) FieldOf(name string) Field {
	f := p.FieldConfig.Defaults
	f.Custom = maps.Clone(f.Custom)
	if f.Custom == nil {
		f.Custom = map[string]any{}
	}
	for _, o := range p.FieldConfig.Overrides {
		if !o.matches(name) {
			continue
		}
		for _, prop := range o.Properties {
			f.override(prop.ID, prop.Value)
		}
	}
	return f
}

func (o Override) matches(name string) bool {
	if o.Matcher.ID == "byRegexp" {
		return regexp.MustCompile(strings.Trim(o.Matcher.Options, "/")).MatchString(name)
	}
	return o.Matcher.Options == name
}

// override sets one property; those that nobody here reads are left out.
func (f *Field) override(id string, value json.RawMessage) {
	if key, custom := strings.CutPrefix(id, "custom."); custom {
		var v any
		_ = json.Unmarshal(value, &v) // it was valid when the file was read
		f.Custom[key] = v
		return
	}
	to := map[string]any{
		"unit": &f.Unit, "links": &f.Links, "mappings": &f.Mappings,
	}[id]
	if to != nil {
		_ = json.Unmarshal(value, to)
	}
}
