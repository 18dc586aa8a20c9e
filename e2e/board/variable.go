package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// datasource chooses the Prometheus.
func datasource() cog.Builder[dashboard.VariableModel] {
	return dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")
}

// choice is a variable whose values come from a query.
func choice(name, label, description, expr string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).
		Label(label).
		Description(description).
		Datasource(source).
		Query(dashboard.StringOrMap{Map: map[string]any{"query": expr, "refId": "StandardVariableQuery"}}).
		Definition(expr).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalCaseInsensitiveAsc)
}

// several lets the reader choose more than one value, or all, which is the default. All
// includes the empty value.
func several(b *dashboard.QueryVariableBuilder) *dashboard.QueryVariableBuilder {
	return b.Multi(true).IncludeAll(true).AllValue(".*").Current(dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	})
}

func accounts() cog.Builder[dashboard.VariableModel] {
	return several(choice("account", "Account", "As the exporter's configuration names them.",
		"label_values("+ns+"up, account)"))
}

func metros() cog.Builder[dashboard.VariableModel] {
	return several(choice("metro", "Metro", "Metros of the accounts.",
		"label_values("+ns+`port_info{account=~"$account"}, metro)`))
}

// ports is shown by name and filtered by UUID: names may change, and repeat.
func ports() *dashboard.QueryVariableBuilder {
	return choice("port", "Port", "Ports of the accounts and metros, including ports that are gone by now.",
		`query_result(max by (port_uuid, port_name) (last_over_time(`+ns+`port_info{account=~"$account",metro=~"$metro"}[$__range])))`).
		Regex(`/port_name="(?<text>[^"]+)|port_uuid="(?<value>[^"]+)/g`)
}

func windows() cog.Builder[dashboard.VariableModel] {
	return choice("window", "Window", "The windows of poll.windows; each ends with the newest sample.",
		"label_values("+ns+"traffic_window_info, window)").
		Sort(dashboard.VariableSortNumericalAsc)
}
