package collector_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCollectorCapacityFallsBackToTheTraffic(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Ports[0].Inventory, snap.Ports[0].Linked = nil, false
	body := string(expose(t, snap))
	for _, family := range []string{"port_capacity_bytes_per_second", "port_effective_capacity_bytes_per_second"} {
		want := "equinix_fabric_" + family + `{port_name="ams-1",port_uuid="` + wholeUUID + `"} 1.25e+08`
		if !strings.Contains(body, want) {
			t.Errorf("no line %s", want)
		}
	}
}

func TestCollectorPassesAnUnknownOperationalStatus(t *testing.T) {
	snap := snapshot(time.Now())
	snap.Ports[0].Inventory.Status = "DEGRADED"
	body := string(expose(t, snap))
	for status, want := range map[string]string{"UP": "0", "DOWN": "0", "PARTIAL": "0", "DEGRADED": "1"} {
		line := `equinix_fabric_port_operational_status{port_name="ams-1",port_uuid="` + wholeUUID + `",status="` + status + `"} ` + want
		if !strings.Contains(body, line) {
			t.Errorf("no line %s", line)
		}
	}
}

func TestCollectorUpFallsWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshot(time.Now())
		time.Sleep(10*time.Minute + 31*time.Second)
		if body := expose(t, snap); !strings.Contains(string(body), `equinix_fabric_up{account="prod"} 0`) {
			t.Error("up is not 0 after two intervals and a timeout")
		}
	})
}
