package fabric_test

import (
	"fmt"
	"testing"
)

// The speed becomes a label as it stands, so what is no number must not.
func TestPortSpeedIsANumber(t *testing.T) {
	for speed, want := range map[string]string{
		`10000`: "10000", `"10000"`: "10000", `1e5`: "100000", `2500.5`: "2500.5",
		`"NaN"`: "", `"Infinity"`: "", `1e999`: "", `""`: "", `null`: "", `"fast"`: "", `[]`: "",
	} {
		p, err := newClient(t, always(200, fmt.Sprintf(`{"uuid":"`+id("p")+`","physicalPortsSpeed":%s}`, speed))).Port(t.Context(), id("p"))
		if err != nil || p.Speed != want {
			t.Errorf("%s: speed %q, %v; want %q", speed, p.Speed, err, want)
		}
	}
}
