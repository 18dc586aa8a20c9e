package poll_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

func asset(uuid string, enabled bool, status string) fabric.StreamAsset {
	return fabric.StreamAsset{UUID: uuid, MetricsEnabled: enabled, AttachmentStatus: status}
}

// attached is what is shown of a port: "yes", "no" or "?".
func (b *bench) attached(t *testing.T, uuid string) string {
	t.Helper()
	snap := b.store.Load()
	return yesOrNo(snap.View(&snap.Accounts[0], b.port(t, uuid), time.Now()).Attached)
}

func yesOrNo(is *bool) string {
	switch {
	case is == nil:
		return "?"
	case *is:
		return "yes"
	}
	return "no"
}

func TestAttachmentsTellWhoCanHaveMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{assets: func() ([]fabric.StreamAsset, error) {
			return []fabric.StreamAsset{
				asset("aa", true, "ATTACHED"), asset("bb", false, "ATTACHED"), asset("cc", true, "DETACHED"),
				asset("ee", true, "ATTACHED"), asset("ee", false, "ATTACHED"), asset("elsewhere", true, "ATTACHED"),
			}, nil
		}}
		api.traffic = func(string, string) (*fabric.Traffic, error) { return &fabric.Traffic{}, nil }
		b := newBench(t, api, "aa", "bb", "cc", "dd", "ee")
		b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
		b.run(t, time.Minute)
		for uuid, want := range map[string]string{"aa": "yes", "bb": "no", "cc": "no", "dd": "no", "ee": "yes"} {
			if got := b.attached(t, uuid); got != want {
				t.Errorf("%s: %s, want %s", uuid, got, want)
			}
		}
	})
}

// A port may be in a stream that the listing does not show: data are the stronger
// evidence, as long as they come. Those of another source prove nothing.
func TestDataOverruleTheListingOfStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v3, ended atomic.Bool
		v3.Store(true)
		var last atomic.Pointer[fabric.Traffic]
		api := &fakeAPI{}
		api.traffic = func(source, uuid string) (*fabric.Traffic, error) {
			switch {
			case v3.Load() && source != "v3", !v3.Load() && source != "v4-metrics":
				return nil, errGone
			case uuid == "bb" && source != "v3":
				return &fabric.Traffic{}, nil
			case ended.Load():
				return last.Load(), nil // the window still has the old intervals
			}
			answer := fresh()
			last.Store(answer)
			return answer, nil
		}
		b := newBench(t, api, "aa", "bb")
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Hour)
			v3.Store(false)
			time.Sleep(20 * time.Minute)
			if aa, bb := b.attached(t, "aa"), b.attached(t, "bb"); aa != "yes" || bb != "no" {
				t.Errorf("the port with data: %s, the other: %s", aa, bb)
			}
			ended.Store(true)
			time.Sleep(time.Hour)
			if got := b.attached(t, "aa"); got != "no" {
				t.Errorf("an hour after the data ended: %s", got)
			}
		})
	})
}

func TestAttachmentsAreAskedForOnceMetricsAreTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v3 atomic.Bool
		v3.Store(true)
		api := &fakeAPI{assets: func() ([]fabric.StreamAsset, error) { return []fabric.StreamAsset{asset("aa", true, "ATTACHED")}, nil }}
		api.traffic = func(source, _ string) (*fabric.Traffic, error) {
			if source == "v4-metrics" || source == "v3" && v3.Load() {
				return fresh(), nil
			}
			return nil, errGone
		}
		b := newBench(t, api, "aa")
		b.during(t, func(*poll.Poller) {
			time.Sleep(30 * time.Minute)
			if n := len(api.of("assets", "")); n != 0 || b.attached(t, "aa") != "?" {
				t.Errorf("%d calls while v3 answers", n)
			}
			v3.Store(false)
			time.Sleep(12 * time.Minute)
			if got := b.attached(t, "aa"); got != "yes" {
				t.Errorf("attached: %s, soon after the switch", got)
			}
		})
	})
}

// A new port may be in a stream since the latest listing of streams.
func TestANewPortHasItsStreamLookedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var listed atomic.Pointer[[]fabric.Port] // at the latest
		e := newEstate("aa")
		b := discovering(t, e)
		b.api.ports = func() ([]fabric.Port, error) {
			listed.Store(e.ports.Load())
			return e.list()
		}
		b.api.assets = func() (assets []fabric.StreamAsset, _ error) {
			for _, p := range *listed.Load() {
				assets = append(assets, asset(p.UUID, true, "ATTACHED"))
			}
			return assets, nil
		}
		b.api.traffic = func(string, string) (*fabric.Traffic, error) { return &fabric.Traffic{}, nil }
		b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
		b.cfg.Inventory = 24 * time.Hour
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			e.set("aa", "bb")
			for len(*listed.Load()) < 2 {
				time.Sleep(time.Minute)
			}
			if got := b.attached(t, "bb"); got != "yes" {
				t.Errorf("attached: %s, a minute after it was found", got)
			}
		})
	})
}

func TestAttachmentsThatCannotBeReadStayAsTheyWere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		api := &fakeAPI{assets: func() ([]fabric.StreamAsset, error) {
			if broken.Load() {
				return []fabric.StreamAsset{asset("zz", true, "ATTACHED")}, errBroken
			}
			return []fabric.StreamAsset{asset("aa", true, "ATTACHED")}, nil
		}}
		b := newBench(t, api, "aa")
		b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
		b.during(t, func(*poll.Poller) {
			time.Sleep(time.Minute)
			broken.Store(true)
			time.Sleep(time.Hour)
		})
		if got := b.attached(t, "aa"); got != "yes" {
			t.Errorf("attached: %s", got)
		}
	})
}

func TestPacketsAreCountedFromTheFirstPollOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		api := &fakeAPI{}
		api.traffic = func(string, string) (*fabric.Traffic, error) {
			a := fresh()
			for end := start.Add(-time.Hour); !end.After(time.Now()); end = end.Add(5 * time.Minute) {
				a.Inbound.Dropped = append(a.Inbound.Dropped, fabric.Count{End: end, N: 7})
			}
			return a, nil
		}
		b := newBench(t, api, "aa")
		b.run(t, time.Minute)
		if c := b.port(t, "aa").Dropped["inbound"]; !c.Began() || c.Total != 0 {
			t.Errorf("after the first poll: %+v", c)
		}
		b.run(t, 30*time.Minute) // over a reload
		if c := b.port(t, "aa").Dropped["inbound"]; c.Total < 5*7 || c.Total > 6*7 {
			t.Errorf("after half an hour of 7 per interval: %v", c.Total)
		}
		if c := b.port(t, "aa").Dropped["outbound"]; c.Began() {
			t.Error("a direction without counts has a counter")
		}
	})
}

func TestAPortThatIsNotAttachedIsToldWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		api.traffic = func(_, uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return &fabric.Traffic{}, nil
			}
			return fresh(), nil
		}
		b := newBench(t, api, "aa", "bb")
		b.cfg.Accounts[0].Sources = []string{poll.SourceV4Metrics}
		var log strings.Builder
		b.logTo(&log)
		b.run(t, time.Hour)
		got := log.String()
		if !strings.Contains(got, "class=attachment port_uuid=aa") || !strings.Contains(got, "create a stream") || strings.Contains(got, "class=attachment port_uuid=bb") {
			t.Errorf("the log:\n%s", got)
		}
	})
}
