package board

import (
	"regexp"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// number shows single values as they are now, coloured. A value of a series
// stands beside its name.
func number(s spec) *stat.PanelBuilder {
	return dress(stat.NewPanelBuilder(), s, atEnd).
		GraphMode(common.BigValueGraphModeNone).
		ColorMode(common.BigValueColorModeValue).
		JustifyMode(common.BigValueJustifyModeCenter).
		TextMode(common.BigValueTextModeAuto).
		Orientation(common.VizOrientationAuto).
		ReduceOptions(newest())
}

// series draws lines over time, with a table of their last and highest values
// beneath, the highest first.
func series(s spec) *timeseries.PanelBuilder {
	b := dress(timeseries.NewPanelBuilder(), s, overTime).
		DrawStyle(common.GraphDrawStyleLine).
		LineInterpolation(common.LineInterpolationLinear).
		LineWidth(1).
		FillOpacity(5).
		GradientMode(common.GraphGradientModeNone).
		ShowPoints(common.VisibilityModeNever).
		SpanNulls(common.BoolOrFloat64{Bool: new(false)}). // a gap shows that values were missing
		AxisPlacement(common.AxisPlacementAuto).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
		Legend(common.NewVizLegendOptionsBuilder().
			DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementBottom).ShowLegend(true).
			Calcs([]string{"lastNotNull", "max"}).SortBy("Max").SortDesc(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if s.mirrored {
		b = b.OverrideByRegexp("/outbound$/", []dashboard.DynamicConfigValue{property("custom.transform", "negative-Y")})
	} else {
		b = b.Min(0)
	}
	if s.unit != "percentunit" && s.unit != "reqps" { // if all values are 0, Grafana's axis would end at 100
		b = b.AxisSoftMax(1)
	}
	return b
}

// limited draws the colours of a panel of shares as lines at which they begin.
func limited(b *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return b.AxisSoftMax(1).ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
}

// stacked puts series on top of each other.
func stacked(b *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return b.FillOpacity(30).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// inLegend is a label in the legend of a query.
var inLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)

// bars compares values as they are now, as horizontal bars. Grafana leaves out the
// name of a single bar unless the field has one.
func bars(s spec) *bargauge.PanelBuilder {
	return dress(bargauge.NewPanelBuilder(), s, atEnd).
		DisplayName(inLegend.ReplaceAllString(s.queries[0].legend, "$${__field.labels.$1}")).
		Text(common.NewVizTextDisplayOptionsBuilder().TitleSize(12).ValueSize(14)).
		Min(0).
		DisplayMode(common.BarGaugeDisplayModeGradient).
		ShowUnfilled(true).
		Orientation(common.VizOrientationHorizontal).
		ReduceOptions(newest())
}

// states shows texts over time, as coloured stripes.
func states(s spec) *statetimeline.PanelBuilder {
	return dress(statetimeline.NewPanelBuilder(), s, overTime).
		ShowValue(common.VisibilityModeAuto).
		MergeValues(true).
		RowHeight(0.8).
		AlignValue(common.TimelineValueAlignmentLeft).
		FillOpacity(80).
		LineWidth(0).
		Legend(common.NewVizLegendOptionsBuilder().
			DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeSingle).Sort(common.SortOrderNone))
}

// meaning is the text and colour that a number is shown as.
type meaning struct{ value, text, colour string }

// mapped shows numbers as the texts of meanings.
func mapped(all ...meaning) []dashboard.ValueMapping {
	if len(all) == 0 {
		return nil
	}
	m := dashboard.NewValueMap()
	for i, x := range all {
		m.Options[x.value] = dashboard.ValueMappingResult{Text: new(x.text), Color: new(x.colour), Index: new(int32(i))}
	}
	return []dashboard.ValueMapping{{ValueMap: m}}
}

// nothing is the text to show if there is no value, and its colour.
func nothing(text, colour string) dashboard.ValueMapping {
	m := dashboard.NewSpecialValueMap()
	m.Options.Match = dashboard.SpecialValueMatchNullAndNan
	m.Options.Result = dashboard.ValueMappingResult{Text: &text, Color: &colour, Index: new(int32(9))}
	return dashboard.ValueMapping{SpecialValueMap: m}
}

// dashed are the properties of a line that is a limit, not a measurement.
func dashed(colour string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{
		property("color", map[string]any{"mode": "fixed", "fixedColor": colour}),
		property("custom.lineStyle", map[string]any{"fill": "dash", "dash": []int{8, 8}}),
		property("custom.fillOpacity", 0),
	}
}

// painted are the properties of a line of a fixed colour.
func painted(colour string) []dashboard.DynamicConfigValue {
	return []dashboard.DynamicConfigValue{property("color", map[string]any{"mode": "fixed", "fixedColor": colour})}
}
