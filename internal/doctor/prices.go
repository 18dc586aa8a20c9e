package doctor

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// checkPrices asks for the list prices of the first ten products of ports and of connections.
func (e *exam) checkPrices(ctx context.Context) {
	if !e.account.Prices.Enabled {
		return
	}
	e.check = "prices"
	if e.unlisted() || e.cannotAsk(ctx) {
		return
	}
	var ports []fabric.Port
	names := map[string]string{}
	for _, p := range e.ports {
		if listed, is := e.listed[p.uuid]; is {
			ports = append(ports, listed)
			names[p.uuid] = cmp.Or(p.name, p.uuid)
		}
	}
	for _, c := range e.tracked {
		names[c.UUID] = cmp.Or(c.Name, c.UUID)
	}
	products := poll.ListedProducts(ports, e.tracked)
	e.products = len(products)
	if len(products) == 0 {
		e.add(skip, "", "there is no port to ask about", "")
		return
	}
	asked := map[bool]int{} // by whether it is of a connection
	priced, refused := 0, ""
	var gone atomic.Bool
	for _, p := range products {
		of := p.Connection != nil
		if asked[of] == maxLines {
			continue
		}
		asked[of]++
		price, err := poll.AskPrice(ctx, e.client, p, 0, &gone)
		first, kind := p.UUIDs[0], map[bool]string{false: "port", true: "connection"}[of]
		others := ""
		if n := len(p.UUIDs); n > 1 {
			others = fmt.Sprintf(" and %d with the same price", n-1)
		}
		switch {
		case err != nil && (kind == refused || e.blocked != ""): // once is enough
		case err != nil:
			refused = kind
			e.fault(ctx, first, fmt.Sprintf("%s %s%s: ", kind, names[first], others), err)
		case price.Monthly == nil:
			e.add(warn, first, fmt.Sprintf("%s %s%s: Equinix lists no monthly price", kind, names[first], others), "")
		default:
			priced++
		}
	}
	if priced > 0 {
		e.add(ok, "", fmt.Sprintf("%d of %s that were asked about have a list price; %s in all, one call each per %s",
			priced, human.Plural(asked[false]+asked[true], "product"), human.Plural(len(products), "product"), model.Duration(e.account.Prices.Interval)), "")
	}
}
