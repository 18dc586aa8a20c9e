package replay_test

import (
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// The demo has something of everything; what is wrong with it is known.
func TestTheDemoFiresForWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	line := newTimeline(t, record(t, story{
		api: func() *fabrictest.API { return fabrictest.New(fabrictest.Options{}) }, config: discover, span: 150 * time.Minute,
	}))
	const lag, down, full, sold = fabrictest.DemoLAG, fabrictest.DemoDown, fabrictest.DemoSaturated, fabrictest.DemoStringly
	line.expect(t,
		want{"FabricLAGLinkLost " + lag, after(0, 10*time.Minute, poll), between{}},
		want{"FabricPortDown " + down, after(0, 5*time.Minute, poll), between{}},
		want{"FabricPortNearlyFull " + full, after(0, 30*time.Minute, poll), between{}},
		want{"FabricPortOversubscribed " + sold, after(0, time.Hour, poll), between{}},
		want{"FabricConnectionFailed " + fabrictest.DemoSecondary, after(0, 5*time.Minute, poll), between{}},
		want{"FabricConnectionFailed " + down, after(0, 5*time.Minute, poll), between{}},
		want{"FabricConnectionFailed " + sold, after(0, 5*time.Minute, poll), between{}},
	)
}
