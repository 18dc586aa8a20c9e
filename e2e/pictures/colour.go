package pictures

import "github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"

// named are the colours that the dashboards use, and palette those that series
// get in turn.
var (
	named = map[string]string{
		"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2", "purple": "#b877d9", "text": "#d8d9da",
	}
	palette = []string{
		"#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a",
		"#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477", "#b7dbab", "#f4d598", "#70dbed", "#f9ba8f",
	}
)

// colourOf is that of a value, by the thresholds of its field.
func colourOf(v float64, f grafana.Field) string {
	c := "green"
	for _, s := range f.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			c = s.Color
		}
	}
	return named[c]
}

// shown is how a value stands in a panel, with its colour.
func shown(v float64, f grafana.Field) (text, colour string) {
	for _, m := range f.Mappings {
		if r, ok := m.Options[short(v)]; ok {
			return r.Text, named[r.Color]
		}
	}
	return format(v, f.Unit), colourOf(v, f)
}
