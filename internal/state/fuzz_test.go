package state_test

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// Whatever is in a file with a good checksum, it is refused or can be shown, at the
// time that it was written, when nothing is stale, and later.
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
			show(t, d)
			time.Sleep(100 * time.Hour)
			show(t, d)
		})
	})
}

// show fails for what Prometheus would refuse, and for what cannot be.
func show(t *testing.T, d *state.Document) {
	t.Helper()
	s := d.Snapshot(d.Identities, fleet.Shard{}, time.Now())
	if s == nil {
		return
	}
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(collector.New(func() *fleet.Snapshot { return s }))
	families, err := reg.Gather()
	if err != nil {
		t.Error(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if v := m.GetGauge().GetValue() + m.GetCounter().GetValue(); v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s of %v is %v", f.GetName(), m.GetLabel(), v)
			}
			for _, l := range m.GetLabel() {
				text := l.GetValue()
				if len(text) > 1024 || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !fabric.Visible(r) }) {
					t.Errorf("label %s of %s: %.100q", l.GetName(), f.GetName(), text)
				}
			}
		}
	}
}

func bodyOf(file []byte) []byte {
	for i, c := range file {
		if c == '\n' {
			return file[i+1:]
		}
	}
	return nil
}
