package pictures

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
)

// last is the newest value of a series.
func last(s grafana.Series) float64 { return s.Values[len(s.Values)-1] }

func escape(s string) string { return template.HTMLEscapeString(s) }

// stats are single values, with names where there are several or the panel wants
// them.
func stats(p grafana.Panel, series []grafana.Series) template.HTML {
	var b strings.Builder
	b.WriteString(`<div class="stats">`)
	mode := p.Option("textMode")
	for _, s := range series {
		text, colour := shown(last(s), p.FieldOf(s.Name))
		name := ""
		switch {
		case mode == "name":
			text = s.Name
		case mode == "value_and_name" || len(series) > 1 && mode != "value":
			name = "<i>" + escape(s.Name) + "</i>"
		}
		size := ""
		switch {
		case mode == "name" && len(series) > 1:
			size = "; font-size: 12px"
		case len(text) > 9 || len(series) > 1:
			size = "; font-size: 15px"
		}
		fmt.Fprintf(&b, `<div>%s<b style="color: %s%s">%s</b></div>`, name, colour, size, escape(text))
	}
	b.WriteString(`</div>`)
	return template.HTML(b.String()) //nolint:gosec // escaped
}

// bars are values beside each other.
func bars(p grafana.Panel, series []grafana.Series) template.HTML {
	top := 0.0
	for _, s := range series {
		top = math.Max(top, last(s))
	}
	if p.FieldConfig.Defaults.Max != nil {
		top = *p.FieldConfig.Defaults.Max
	}
	var b strings.Builder
	b.WriteString(`<div class="bars">`)
	for _, s := range series {
		text, colour := shown(last(s), p.FieldOf(s.Name))
		fmt.Fprintf(&b, `<div><label>%s</label>%s</div>`, escape(s.Name), bar(last(s)/top, text, colour))
	}
	b.WriteString(`</div>`)
	return template.HTML(b.String()) //nolint:gosec // escaped
}

func bar(share float64, text, colour string) string {
	return fmt.Sprintf(`<span class="bar" style="flex: 1"><u><s style="width: %.1f%%; background: %s"></s></u><em style="color: %s">%s</em></span>`,
		100*math.Min(math.Max(share, 0), 1), colour, colour, escape(text))
}

// table merges the answers into rows by the labels that they share.
func table(p grafana.Panel, answers []grafana.Answer, f frame) template.HTML {
	exclude, order, names := p.Columns()
	merged := merge(p, answers)
	fields := slices.Collect(func(yield func(string) bool) {
		for field, title := range names {
			if !exclude[field] && !p.Hidden(title) && !yield(field) {
				return
			}
		}
	})
	slices.SortFunc(fields, func(a, b string) int { return order[a] - order[b] })
	if by := p.SortedBy(); by != "" {
		key := ""
		for field, title := range names {
			if title == by {
				key = field
			}
		}
		slices.SortStableFunc(merged, func(a, b record) int {
			return cmpDesc(a.values, b.values, key)
		})
	}
	var b strings.Builder
	b.WriteString("<table><tr>")
	for _, field := range fields {
		fmt.Fprintf(&b, "<th>%s</th>", escape(names[field]))
	}
	b.WriteString("</tr>")
	for i, r := range merged {
		if (i+2)*27 > f.height {
			break // the rest is a scroll away
		}
		b.WriteString("<tr>")
		for _, field := range fields {
			b.WriteString(r.cell(field, p.FieldOf(names[field])))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return template.HTML(b.String()) //nolint:gosec // escaped
}

// record is a row of a table.
type record struct {
	labels map[string]string
	values map[string]float64
}

func cmpDesc(a, b map[string]float64, key string) int {
	x, there := a[key]
	y, too := b[key]
	switch {
	case !there && !too:
		return 0
	case !there || too && x < y:
		return 1
	case !too || x > y:
		return -1
	}
	return 0
}

// merge puts together the series that agree on the labels that all answers have.
func merge(p grafana.Panel, answers []grafana.Answer) []record {
	var keys []string
	for _, a := range answers {
		for _, s := range a.Series {
			have := []string{}
			for name := range s.Labels.Map() {
				have = append(have, name)
			}
			if keys == nil {
				keys = have
			}
			keys = slices.DeleteFunc(keys, func(k string) bool { return !slices.Contains(have, k) })
		}
	}
	slices.Sort(keys)
	at := map[string]int{}
	var all []record
	for _, a := range answers {
		for _, s := range a.Series {
			var id strings.Builder
			for _, k := range keys {
				id.WriteString(s.Labels.Get(k) + "\x00")
			}
			i, ok := at[id.String()]
			if !ok {
				i = len(all)
				at[id.String()] = i
				all = append(all, record{map[string]string{}, map[string]float64{}})
			}
			maps.Copy(all[i].labels, s.Labels.Map())
			all[i].values[p.ValueField(a.Target)] = last(s)
		}
	}
	return all
}

func (r record) cell(field string, f grafana.Field) string {
	if text, ok := r.labels[field]; ok {
		return "<td>" + escape(text) + "</td>"
	}
	v, ok := r.values[field]
	if !ok {
		return "<td></td>"
	}
	text, colour := shown(v, f)
	switch f.Custom["displayMode"] {
	case "gradient-gauge":
		return "<td>" + bar(v, text, colour) + "</td>"
	case "color-text":
		return fmt.Sprintf(`<td class="n" style="color: %s">%s</td>`, colour, escape(text))
	}
	return `<td class="n">` + escape(text) + "</td>"
}
