package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

// column is one of a table: a label of the series or the value of a query.
type column struct {
	title string
	label string // name of a label …
	expr  string // … or a query, which has exactly the labels of the table or more

	unit     string
	colours  cog.Builder[dashboard.ThresholdsConfig] // of the text
	bar      bool                                    // a bar, from 0 to 1
	meanings []meaning
	empty    string // shown if there is no value
	width    int
	drill    string
	hidden   bool // only for the links
}

// rows is a table with a row for each set of labels that its queries share. The
// columns stand in the order given; the table is sorted by the columns
// with the titles sortBy, highest first.
func rows(s spec, sortBy []string, columns ...column) *table.PanelBuilder {
	exclude, order, names := map[string]bool{"Time": true}, map[string]int{}, map[string]string{}
	for _, c := range columns {
		if c.expr != "" {
			s.queries = append(s.queries, query{expr: c.expr})
		}
	}
	one := len(s.queries) == 1
	b := dress(table.NewPanelBuilder(), s, asTable).
		ShowHeader(true).
		Align(common.FieldTextAlignmentAuto)
	n := 0
	for i, c := range columns {
		field := c.label
		if c.expr != "" {
			field = "Value"
			if !one {
				field += " #" + string(rune('A'+n))
			}
			n++
		}
		if c.title == "" { // a query that brings labels only
			exclude[field] = true
			continue
		}
		order[field], names[field] = i, c.title
		b = b.OverrideByName(c.title, c.properties())
	}
	if !one {
		b = b.WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	}
	b = b.WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": exclude, "indexByName": order, "renameByName": names,
	}})
	var sorted []cog.Builder[common.TableSortByFieldState]
	for _, title := range sortBy {
		sorted = append(sorted, common.NewTableSortByFieldStateBuilder().DisplayName(title).Desc(true))
	}
	return b.SortBy(sorted)
}

// properties are the overrides of the column. The look of cells is written as
// in Grafana 9.3; later versions convert it. The text of an empty table must not be
// shown in each empty cell.
func (c column) properties() []dashboard.DynamicConfigValue {
	all := []dashboard.DynamicConfigValue{property("noValue", "")}
	if c.unit != "" {
		all = append(all, property("unit", c.unit))
	}
	if c.colours != nil {
		t, _ := c.colours.Build() // a builder of plain values
		all = append(all, property("thresholds", t))
	}
	mappings := mapped(c.meanings...)
	if c.empty != "" { // a bar without a value would look like 0
		mappings = append(mappings, nothing(c.empty, "text"))
	}
	if len(mappings) > 0 {
		all = append(all, property("mappings", mappings))
	}
	switch {
	case c.bar:
		all = append(all, property("min", 0), property("max", 1), property("custom.displayMode", "gradient-gauge"))
	case c.meanings != nil || c.colours != nil:
		all = append(all, property("custom.displayMode", "color-text"))
	}
	if c.width > 0 {
		all = append(all, property("custom.width", c.width))
	}
	if c.drill != "" {
		all = append(all, property("links", []map[string]any{{"title": "Open", "url": c.drill}}))
	}
	if c.hidden {
		all = append(all, property("custom.hidden", true))
	}
	return all
}
