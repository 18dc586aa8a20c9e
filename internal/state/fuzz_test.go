package state_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// Whatever is in a file with a good checksum, it is refused or can be shown.
func FuzzDecode(f *testing.F) {
	good, err := document().Encode()
	if err != nil {
		f.Fatal(err)
	}
	body := good[len(good)-len(bodyOf(good)):]
	f.Add(body)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"Fleet":{"StaleIntervals":5,"Windows":[{"Span":86400000000000,"Resolution":1,"Interval":1}],"Accounts":[{"Name":"prod"}],"Ports":[{}]}}`))
	f.Add([]byte(`{"Fleet":{"Connections":[null],"Pairs":[null]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := state.Decode([]byte(sealed(1, string(body))), written)
		if err != nil {
			return
		}
		for _, now := range []time.Time{written, written.Add(100 * time.Hour)} {
			s := d.Snapshot(d.Identities, fleet.Shard{}, now)
			if s == nil {
				continue
			}
			reg := prometheus.NewPedanticRegistry()
			reg.MustRegister(collector.New(func() *fleet.Snapshot { return s }))
			if _, err := reg.Gather(); err != nil {
				t.Error(err)
			}
		}
	})
}

func bodyOf(file []byte) []byte {
	for i, c := range file {
		if c == '\n' {
			return file[i+1:]
		}
	}
	return nil
}
