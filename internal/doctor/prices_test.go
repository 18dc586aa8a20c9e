package doctor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const withPrices = discovery + "    connections: {traffic: true}\n    prices: {enabled: true}\n"

func TestPrices(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  fabrictest.Fault
		gone   []string
		status string
		words  []string
	}{
		{name: "good", status: "ok", words: []string{"that were asked about have a list price", "one call each per 1d"}},
		{name: "some have none", status: "warn", words: []string{"Equinix lists no monthly price"}},
		{name: "forbidden", fault: fabrictest.Fault{Op: fabrictest.OpSearchPrices, Status: 403}, status: "fail", words: []string{"HTTP 403", "right to read"}},
		{name: "only v3", gone: []string{fabrictest.OpSearchPrices}, status: "fail", words: []string{"v3 has none of ports"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := fabrictest.New(fabrictest.Options{Gone: tt.gone})
				if tt.fault.Op != "" {
					api.Inject(tt.fault)
				}
				r, _ := examine(t, dated(api, 0), account(withPrices))
				r.wants(t, "prices", tt.status, tt.words...)
				if n := len(r.of("prices")); n > 12 {
					t.Errorf("%d lines", n)
				}
			})
		})
	}
}

// If the time runs out, the report says so once.
func TestPricesAfterTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchPrices, Delay: time.Hour})
		o := options(t, dated(api, 0), account(withPrices))
		o.Timeout = 10 * time.Second
		r, err := run(t.Context(), t, o)
		if err == nil {
			t.Error("no check failed")
		}
		r.only(t, "prices", "fail")
		r.wants(t, "prices", "fail", "no answer within the 10s of --timeout", "raise --timeout")
	})
}
