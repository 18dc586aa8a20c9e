package board

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/table"
)

const (
	// notTheContract ends the description of each panel that shows prices.
	notTheContract = " List prices, without taxes, not the contract. Only for accounts with prices in the exporter's configuration."
	needPriceRules = " Needs the recording rules of deploy/prometheus."
)

// listPrice is the list price of each port or connection, with its currency. It is missing
// while exporters disagree on the currency, as in the recording rules.
func listPrice(what string) string {
	price := ns + what + "_monthly_price"
	return price + " unless on (" + what + "_uuid) (count by (" + what + "_uuid) (group by (" + what + "_uuid, currency) (" + price + ")) > 1)"
}

// recordedFor is a series of the recording rules for the chosen ports.
func recordedFor(name string) string {
	return "equinix_fabric:" + name + `{account=~"$account",metro=~"$metro",port_uuid=~"$port"}`
}

// priceOf drops the name of series of ports and connections, which would be a column.
func priceOf(expr, more string) string {
	by := "port_uuid, port_name, connection_uuid, connection_name, account, metro, currency"
	if more != "" {
		by += ", " + more
	}
	return "max by (" + by + ") (" + expr + ")"
}

// ofPriced leaves out accounts of which something is missing, not only prices.
func ofPriced(expr string) string {
	return group(expr) + " and on (account) equinix_fabric:account:priced"
}

// fleetCosts shows what ports and connections cost. Bars would compare currencies, so there
// are only tables, sorted within a currency.
func fleetCosts(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	total := func(what, factor string) string {
		return ofPriced("sum by (account, currency) (" + recordedFor(what+":monthly_price") + factor + ")")
	}
	idle := func(what string) string {
		return total(what, " * on ("+what+"_uuid) group_left () equinix_fabric:"+what+":idle")
	}
	return b.
		WithPanel(rows(spec{
			title: "Monthly list price", w: 14, h: 8, unit: "none", empty: "no prices known",
			about: "What the chosen ports and the tracked connections on them cost in a month, by account and currency; different currencies are never added. " +
				"Idle is the part of what carries next to nothing in every window of a week or longer. It leaves out what has no known percentile, such as a port without traffic. The next table counts what has no price." +
				needPriceRules + notTheContract,
		}, []string{"Account", "Currency"},
			column{title: "Account", label: "account"},
			column{title: "Currency", label: "currency", width: 80},
			column{title: "Ports", expr: total("port", ""), width: 100},
			column{title: "Idle ports", expr: idle("port"), width: 100},
			column{title: "Connections", expr: total("connection", ""), width: 110},
			column{title: "Idle connections", expr: idle("connection"), width: 130},
		)).
		WithPanel(withoutPrice()).
		WithPanel(rows(spec{
			title: "Idle, and paid for", w: 10, h: 9, unit: "none", empty: "nothing idle with a price known",
			about: "Chosen ports and tracked connections that carry next to nothing in every window of a week or longer, with their price for a month, the highest first within a currency. A standby is idle too: look before you give one up." +
				needPriceRules + notTheContract,
		}, []string{"Currency", "Price"},
			column{title: "port_uuid", label: "port_uuid", hidden: true},
			column{title: "connection_uuid", label: "connection_uuid", hidden: true},
			column{title: "metro", label: "metro", hidden: true},
			column{title: "account", label: "account", hidden: true},
			column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid")},
			column{title: "Connection", label: "connection_name"},
			column{title: "Currency", label: "currency", width: 75},
			column{title: "Price", width: 90, expr: priceOf(recordedFor("port:monthly_price")+" and on (port_uuid) equinix_fabric:port:idle == 1 or "+
				recordedFor("connection:monthly_price")+" and on (connection_uuid) equinix_fabric:connection:idle == 1", "")},
		)).
		WithPanel(rows(spec{
			title: "Price of a Mbit/s", w: 14, h: 9, unit: "none", empty: "no prices known",
			about: "Monthly price of a port, alone and with its connections, divided by the 95th percentile of its busier direction in Mbit/s, the highest first within a currency. The percentile is of a window of a week or longer, from points of 5 minutes if there are enough. " +
				"With connections is missing if one that is in service on the port has no price, for example because it is not tracked." + needPriceRules + notTheContract,
		}, []string{"Currency", "Port alone"},
			column{title: "port_uuid", label: "port_uuid", hidden: true},
			column{title: "account", label: "account", hidden: true},
			column{title: "metro", label: "metro", hidden: true},
			column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid")},
			column{title: "Window", label: "window", width: 75},
			column{title: "Currency", label: "currency", width: 75},
			column{title: "Port alone", expr: priceOf(recordedFor("port:monthly_price_per_mbps"), "window"), width: 110},
			column{title: "With connections", expr: priceOf(recordedFor("port:total_monthly_price_per_mbps"), "window"), width: 135},
		)).
		WithPanel(nextStep())
}

// withoutPrice counts what is not in the sums.
func withoutPrice() *table.PanelBuilder {
	missing := func(what, of, idle string) string {
		none := " unless on (" + what + "_uuid) equinix_fabric:" + what + ":monthly_price"
		return ofPriced("count by (account) (" + recordedFor(of) + idle + none + ") or 0 * count by (account) (" + recordedFor(of) + idle + ")")
	}
	return rows(spec{
		title: "Without a price", w: 10, h: 8, unit: "none", empty: "prices are off, or nothing is known",
		about: "Chosen ports, and tracked connections in service that the account pays for, whose price is not known: the API has none, or the question failed. They are not in the sums. doctor says why. An account is missing while it is not complete: a shard is gone, or max_series leaves out series." +
			needPriceRules + notTheContract,
	}, []string{"Ports"},
		column{title: "Account", label: "account"},
		column{title: "Ports", expr: missing("port", "port:info", ""), width: 80},
		column{title: "Idle ports", expr: missing("port", "port:idle", " == 1"), width: 100},
		column{title: "Connections", expr: missing("connection", "connection:paid", ""), width: 110},
	)
}

// nextStep lists what is full or drops packets, and what more bandwidth would cost.
func nextStep() *table.PanelBuilder {
	// The step has the currency of the present price, so that it shares a row with it.
	step := func(what string) string {
		next := recordedFor(what + ":next_step_bytes_per_second")
		return inBits(next) + " * on (" + what + "_uuid) group_left (currency) group by (" + what + "_uuid, currency) (equinix_fabric:" + what + ":monthly_price)" +
			" or " + inBits(next) + " unless on (" + what + "_uuid) equinix_fabric:" + what + ":monthly_price"
	}
	both := func(series func(what string) string) string {
		return priceOf(series("port")+" or "+series("connection"), "")
	}
	return rows(spec{
		title: "The next step of bandwidth", w: 24, h: 7, unit: "none", empty: "nothing is known to be full or to drop packets",
		about: "Chosen ports and tracked connections that are full, now or by the 95th percentile of any window, or drop packets, with the price of the next bandwidth or speed against the present price, for a month. " +
			"That price is known only if the account has the same at that bandwidth: a connection of the same type between the same metros and to the same kind of far end, from a port of the same package; or a port of the same package in the same IBX." +
			needPriceRules + notTheContract,
		links: runbooks("FabricConnectionFull", "FabricConnectionDropping", "FabricPortNearlyFull"),
	}, []string{"Account", "Port"},
		column{title: "port_uuid", label: "port_uuid", hidden: true},
		column{title: "connection_uuid", label: "connection_uuid", hidden: true},
		column{title: "metro", label: "metro", hidden: true},
		column{title: "Port", label: "port_name", drill: toPort("__data.fields.port_uuid")},
		column{title: "Connection", label: "connection_name"},
		column{title: "Account", label: "account", width: 120},
		column{title: "Next step", expr: both(step), unit: "bps", width: 100},
		column{title: "Currency", label: "currency", width: 80},
		column{title: "Price now", width: 110, expr: both(func(what string) string {
			return recordedFor(what+":monthly_price") + " and on (" + what + "_uuid) equinix_fabric:" + what + ":next_step_bytes_per_second"
		})},
		column{title: "Price of the step", width: 130, empty: "not known", expr: both(func(what string) string { return recordedFor(what + ":next_step_monthly_price") })},
		column{title: "More a month", width: 130, empty: "not known", expr: both(func(what string) string { return recordedFor(what + ":next_step_extra_monthly_price") })},
	)
}
