package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// spec is what panels of every type have.
type spec struct {
	title string
	about string // in plain words: what it is, how old, what to do
	unit  string // as Grafana names it
	w, h  uint32 // in cells of the grid, which is 24 wide

	queries  []query
	colours  cog.Builder[dashboard.ThresholdsConfig] // green without
	meanings []meaning                               // texts instead of numbers
	links    []cog.Builder[dashboard.DashboardLink]
	drill    string  // address that a click on a value opens
	max      float64 // of the axis or the bar; from the values if 0
	mirrored bool    // series that end in "outbound" are drawn downwards

	// Shown if there is no value. It must be true in an outage too, when nothing is
	// known.
	empty    string
	alarming bool // to have no value is a fault: empty is orange
}

// query is a query of a panel: of the range of the dashboard, or of its end.
type query struct {
	expr, legend string
}

// panelBuilder is what the SDK's builders of all panel types share.
type panelBuilder[B any] interface {
	Title(string) B
	Description(string) B
	Unit(string) B
	Span(uint32) B
	Height(uint32) B
	Datasource(common.DataSourceRef) B
	WithTarget(cog.Builder[variants.Dataquery]) B
	Thresholds(cog.Builder[dashboard.ThresholdsConfig]) B
	Links([]cog.Builder[dashboard.DashboardLink]) B
	DataLinks([]cog.Builder[dashboard.DashboardLink]) B
	NoValue(string) B
	Mappings([]dashboard.ValueMapping) B
	Max(float64) B
}

// source is the data source that the reader chose.
var source = common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}

// mode is how a panel queries.
type mode int

const (
	overTime mode = iota // a range, drawn over time
	atEnd                // the end of the range
	asTable              // the same, in rows
)

// dress applies s to a builder of any panel type.
func dress[B panelBuilder[B]](b B, s spec, m mode) B {
	b = b.Title(s.title).Description(s.about).Unit(s.unit).Span(s.w).Height(s.h).Datasource(source).Links(s.links)
	if s.colours == nil {
		s.colours = steps("green")
	}
	b = b.Thresholds(s.colours)
	for i, q := range s.queries {
		b = b.WithTarget(q.target(m, string(rune('A'+i))))
	}
	if s.drill != "" {
		b = b.DataLinks([]cog.Builder[dashboard.DashboardLink]{link("Open the port", s.drill)})
	}
	mappings := mapped(s.meanings...)
	if m == atEnd { // without a mapping Grafana gives no value the colour of 0, which is green
		colour := "text"
		if s.alarming {
			colour = "orange"
		}
		mappings = append(mappings, nothing(s.empty, colour))
	}
	if len(mappings) > 0 {
		b = b.Mappings(mappings)
	}
	if s.max > 0 {
		b = b.Max(s.max)
	}
	return b.NoValue(s.empty)
}

func (q query) target(m mode, ref string) *prometheus.DataqueryBuilder {
	t := prometheus.NewDataqueryBuilder().Datasource(source).RefId(ref).Expr(q.expr).LegendFormat(q.legend).
		EditorMode(prometheus.QueryEditorModeCode)
	switch m {
	case overTime:
		return t.Range()
	case asTable:
		return t.Instant().Format(prometheus.PromQueryFormatTable)
	default:
		return t.Instant()
	}
}

// newest takes the last value of a series.
func newest() cog.Builder[common.ReduceDataOptions] {
	return common.NewReduceDataOptionsBuilder().Values(false).Fields("").Calcs([]string{"lastNotNull"})
}

// property is a property of a Grafana override.
func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

// row is a heading between panels.
func row(title string) cog.Builder[dashboard.RowPanel] { return dashboard.NewRowBuilder(title) }
