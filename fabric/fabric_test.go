package fabric_test

import (
	"slices"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// Attempts carry no operation that the list lacks, since labels are made of it.
func TestOperationsAreComplete(t *testing.T) {
	var seen []fabric.Attempt
	observe := watch(&seen)
	cfg := new(fabric.Config)
	observe(cfg)
	s := newSource(t, always(200, granted), func(c *fabric.TokenConfig) { c.Observe = cfg.Observe })
	c := newClient(t, always(200, `{"uuid":"`+id("p")+`"}`), observe, func(c *fabric.Config) { c.Tokens = s })
	_, _ = drain(c.UserPortsV3(t.Context()))
	_, _ = c.PortStatsV3(t.Context(), id("p"), from, to)
	_, _ = drain(c.Ports(t.Context()))
	_, _ = c.Port(t.Context(), id("p"))
	_, _ = c.PortStatsV4(t.Context(), id("p"), from, to)
	_, _ = connections(t.Context(), c, id("p"))
	_, _ = c.PortMetrics(t.Context(), id("p"), from, to)
	_, _ = c.PortPrice(t.Context(), id("p"))
	_, _ = c.ConnectionPriceV3(t.Context(), fabric.ConnectionProduct{})
	_, _ = drain(c.StreamAssets(t.Context()))
	_, _ = drain(c.BuyerConnectionsV3(t.Context()))
	_, _ = c.ConnectionStats(t.Context(), id("c"), fabric.ASide, from, to)

	var ops []string
	for _, a := range seen {
		ops = append(ops, a.Op)
	}
	ops = append(ops, fabric.OpSearchPorts) // not called any more
	slices.Sort(ops)
	if want := slices.Sorted(slices.Values(fabric.Operations())); !slices.Equal(ops, want) {
		t.Errorf("observed %v, want %v", ops, want)
	}
}
