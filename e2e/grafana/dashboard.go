// Package grafana reads dashboards and evaluates the queries of their panels like
// Grafana: with variables, range and instant queries, legends and columns.
package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Dashboard is the part of a dashboard that tests need.
type Dashboard struct {
	UID        string
	Title      string
	Panels     []Panel
	Time       struct{ From string }
	Templating struct{ List []Variable }
}

// Panel is a panel, or a row of panels.
type Panel struct {
	ID              int
	Type            string
	Title           string
	TimeFrom        string // overrides the range of the dashboard
	Interval        string // the shortest step of range queries
	Targets         []Target
	Transformations []Transformation
	FieldConfig     struct {
		Defaults  Field
		Overrides []Override
	}
}

// Target is a query of a panel.
type Target struct {
	RefID        string
	Expr         string
	LegendFormat string
	Instant      bool
}

// Transformation transforms the results of queries before they are drawn.
type Transformation struct {
	ID      string
	Options struct {
		ExcludeByName map[string]bool
		RenameByName  map[string]string
	}
}

// Field describes how values are shown.
type Field struct {
	Unit     string
	NoValue  string
	Links    []struct{ URL string }
	Mappings []Mapping
	Custom   map[string]any
}

// Mapping is the texts shown instead of values, by value; the empty value means no value.
type Mapping struct {
	Options map[string]struct{ Text, Color string }
}

// UnmarshalJSON reads the mappings of values.
func (m *Mapping) UnmarshalJSON(text []byte) error {
	var raw struct {
		Type    string
		Options json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil || raw.Type != "value" {
		return err
	}
	return json.Unmarshal(raw.Options, &m.Options)
}

// Override describes how some of the fields are shown.
type Override struct {
	Matcher struct {
		ID      string
		Options string
	}
	Properties []struct {
		ID    string
		Value json.RawMessage
	}
}

// Load reads all dashboards of a directory.
func Load(dir string) ([]Dashboard, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no dashboards in %s: %w", dir, err)
	}
	all := make([]Dashboard, len(files))
	for i, f := range files {
		text, err := os.ReadFile(f) //nolint:gosec // the caller's own choice
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &all[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	return all, nil
}

// Asking returns the panels that have queries.
func (d Dashboard) Asking() []Panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p Panel) bool { return len(p.Targets) == 0 })
}

// Columns returns which fields of a table are hidden, and the names of the others.
func (p Panel) Columns() (exclude map[string]bool, names map[string]string) {
	for _, t := range p.Transformations {
		if t.ID == "organize" {
			return t.Options.ExcludeByName, t.Options.RenameByName
		}
	}
	return nil, nil
}

// ValueField is the name that the values of a query have in a table.
func (p Panel) ValueField(q Target) string {
	if len(p.Targets) == 1 {
		return "Value"
	}
	return "Value #" + q.RefID
}

// Unit is the unit of the values of a query; "" if they are not shown.
func (p Panel) Unit(q Target) string {
	if p.Type != "table" {
		return p.FieldConfig.Defaults.Unit
	}
	exclude, names := p.Columns()
	if exclude[p.ValueField(q)] {
		return ""
	}
	return p.FieldOf(names[p.ValueField(q)]).Unit
}

// Hidden reports whether a column is only there for links.
func (p Panel) Hidden(column string) bool {
	hidden, _ := p.FieldOf(column).Custom["hidden"].(bool)
	return hidden
}

// FieldOf returns how the values of that name are shown, including overrides.
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

// override sets one property; properties that no dashboard uses are left out.
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
