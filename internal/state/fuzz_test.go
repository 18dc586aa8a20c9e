package state_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// Whatever is in a file with a good checksum, it is refused or shown without a panic,
// at the time that it was written, when nothing is stale, and later.
func FuzzDecode(f *testing.F) {
	good, err := document().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bodyOf(good))
	f.Add([]byte(strings.Replace(string(bodyOf(good)), `"uplink"`, `"\u202euplink\u0000"`, 1)))
	f.Add([]byte(strings.Replace(string(bodyOf(good)), `"ACTIVE":3`, `"ACTIVE":9223372036854775807`, 1)))
	f.Add([]byte(strings.Replace(string(bodyOf(good)), `,"N":1}`, `,"Step":1,"N":60000}`, 1)))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"Fleet":{"StaleIntervals":5,"Windows":[{"Span":86400000000000,"Resolution":1,"Interval":1}],"Accounts":[{"Name":"prod"}],"Ports":[{}]}}`))
	f.Add([]byte(`{"Fleet":{"Connections":[null],"Pairs":[null]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := state.Decode([]byte(sealed(1, string(body))), written)
		if err != nil {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(written))
			show(d)
			time.Sleep(100 * time.Hour)
			show(d)
		})
	})
}

// show collects what the document says. What Prometheus refuses of it is an error of
// that scrape.
func show(d *state.Document) {
	s := d.Snapshot(d.Identities, fleet.Shard{}, time.Now())
	if s == nil {
		return
	}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collector.New(func() *fleet.Snapshot { return s }))
	_, _ = reg.Gather()
}

func bodyOf(file []byte) []byte {
	for i, c := range file {
		if c == '\n' {
			return file[i+1:]
		}
	}
	return nil
}
