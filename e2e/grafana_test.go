package e2e_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dashboard is what the tests read of a Grafana dashboard.
type dashboard struct {
	UID        string
	Title      string
	Panels     []panel
	Time       struct{ From string }
	Templating struct{ List []variable }
}

// variable is one that the reader chooses.
type variable struct {
	Name       string
	Type       string
	Query      json.RawMessage
	Regex      string
	Multi      bool
	IncludeAll bool
	AllValue   string
}

// expr is the query that its options come from.
func (v variable) expr(t *testing.T) string {
	t.Helper()
	var q struct{ Query string }
	if err := json.Unmarshal(v.Query, &q); err != nil {
		t.Fatalf("variable %s: %v", v.Name, err)
	}
	return q.Query
}

// panel is something that is drawn.
type panel struct {
	ID              int
	Type            string
	Title           string
	TimeFrom        string
	Targets         []target
	Transformations []transformation
	FieldConfig     struct {
		Defaults  fieldDefaults
		Overrides []override
	}
}

type fieldDefaults struct {
	Unit    string
	NoValue string
	Links   []struct{ URL string }
}

type override struct {
	Matcher struct {
		ID      string
		Options json.RawMessage
	}
	Properties []struct {
		ID    string
		Value json.RawMessage
	}
}

type target struct {
	RefID        string
	Expr         string
	LegendFormat string
	Format       string
	Instant      bool
	Range        bool
}

type transformation struct {
	ID      string
	Options struct {
		ExcludeByName map[string]bool
		RenameByName  map[string]string
	}
}

// dashboards reads all that are committed.
func dashboards(t *testing.T) []dashboard {
	t.Helper()
	files, err := filepath.Glob("../dashboards/*.json")
	if err != nil || len(files) != 4 {
		t.Fatalf("dashboards: %v %v", files, err)
	}
	var all []dashboard
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, d)
	}
	return all
}

// asks are the panels that have queries.
func (d dashboard) asks() []panel {
	return slices.DeleteFunc(slices.Clone(d.Panels), func(p panel) bool { return len(p.Targets) == 0 })
}

// organize is the transformation that names the columns of a table.
func (p panel) organize() (exclude map[string]bool, names map[string]string) {
	for _, t := range p.Transformations {
		if t.ID == "organize" {
			return t.Options.ExcludeByName, t.Options.RenameByName
		}
	}
	return nil, nil
}

// field is the name that Grafana gives the values of a query in a table.
func (p panel) field(q target) string {
	if len(p.Targets) == 1 {
		return "Value"
	}
	return "Value #" + q.RefID
}

// unit is what the values of a query are shown in, "" where they are not.
func (p panel) unit(q target) string {
	if p.Type != "table" {
		return p.FieldConfig.Defaults.Unit
	}
	exclude, names := p.organize()
	if exclude[p.field(q)] {
		return ""
	}
	if u := p.property(names[p.field(q)], "unit"); u != "" {
		return u
	}
	return p.FieldConfig.Defaults.Unit
}

// property is an override of a column, "" where there is none.
func (p panel) property(column, id string) string {
	for _, o := range p.FieldConfig.Overrides {
		var name string
		if o.Matcher.ID != "byName" || json.Unmarshal(o.Matcher.Options, &name) != nil || name != column {
			continue
		}
		for _, prop := range o.Properties {
			if prop.ID == id {
				return strings.Trim(string(prop.Value), `"`)
			}
		}
	}
	return ""
}

// choice is what the reader has chosen: values by variable, nil for All.
type choice map[string][]string

// with is the choice with another value for one variable.
func (c choice) with(name string, values ...string) choice {
	next := maps.Clone(c)
	next[name] = values
	return next
}
