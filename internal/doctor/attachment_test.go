package doctor_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// A port that has no data because no stream delivers it differs from one whose data is
// late.
func TestAttachment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly(fabrictest.Options{})
		stream := api.Fleet().Ports[0].Stream
		for name, status := range map[string]string{
			fabrictest.MetricsTwinA: fabrictest.Attaching, fabrictest.MetricsTwinB: fabrictest.Detached,
		} {
			stream.Status = status
			if err := api.SetStream(portOf(t, api, name), stream); err != nil {
				t.Fatal(err)
			}
		}
		r, err := examine(t, api.Transport(), account(discovery))
		if err == nil || err.Error() != "3 checks failed" {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "attachment", "ok", "4 ports attached")
		r.wants(t, "attachment", "warn", fabrictest.MetricsTwinA, "under way", "wait until the attachment is ATTACHED")
		r.wants(t, "attachment", "fail", fabrictest.MetricsDisabled, "metrics are disabled", `PUT /fabric/v4/streams/{stream}/ports/{uuid} with {"metricsEnabled": true}`)
		for _, name := range []string{fabrictest.MetricsTwinB, fabrictest.MetricsUnattached} {
			c := r.wants(t, "attachment", "fail", name, "not attached to any stream", "POST /fabric/v4/streams", "5 streams of 50 assets")
			if c.Object != portOf(t, api, name) {
				t.Errorf("object %q", c.Object)
			}
		}
		r.only(t, "samples", "ok") // the rest is said already
	})
}

// It is enough if one of several streams delivers a port.
func TestPortInSeveralStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly(fabrictest.Options{})
		uuid := portOf(t, api, fabrictest.MetricsLAG)
		const asset = `{"uuid":%q,"type":"XF_PORT","metricsEnabled":%t,"attachmentStatus":"ATTACHED"}`
		api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchStreamAssets, Body: fmt.Sprintf(
			`{"pagination":{"offset":0,"limit":100,"total":3},"data":[`+asset+","+asset+","+asset+"]}", uuid, false, uuid, true, uuid, false)})
		r, err := examine(t, api.Transport(), account(listing(uuid)))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "attachment", "ok")
	})
}

// A stream of another project is not listed, but it delivers.
func TestDataOverruleTheListingOfStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 3, 0)
		f.Attach()
		f.Ports[2].Stream.MetricsEnabled = false
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		asset := fmt.Sprintf(`{"uuid":%q,"type":"XF_PORT","metricsEnabled":false,"attachmentStatus":"ATTACHED"}`, f.Ports[2].UUID)
		api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchStreamAssets, Body: `{"pagination":{"total":1},"data":[` + asset + `]}`})
		r, err := examine(t, api.Transport(), account(discovery+"    traffic_source: v4-metrics\n"))
		if err == nil || err.Error() != "1 check failed" {
			t.Errorf("Run: %v", err)
		}
		r.only(t, "attachment", "ok", "fail")
		r.wants(t, "attachment", "ok", "2 ports with data, from no stream that the credentials see")
		r.wants(t, "attachment", "fail", f.Ports[2].UUID, "metrics are disabled")
	})
}

func TestAttachedPortThatIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly(fabrictest.Options{})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpSearchMetrics, Times: 1, EmptyPoints: true})
		r, err := examine(t, api.Transport(), account(listing(portOf(t, api, fabrictest.MetricsLAG))+"    traffic_source: v4-metrics\n"))
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		r.wants(t, "traffic_source", "warn", "without a single sample", "see attachment")
		r.only(t, "attachment", "ok")
		r.wants(t, "samples", "warn", fabrictest.MetricsLAG, "no samples")
	})
}

func TestManyUnattachedPortsAreOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fabrictest.Generate(1, 30, 0)
		api := fabrictest.New(fabrictest.Options{Fleet: &f})
		r, err := examine(t, api.Transport(), account(discovery+"    traffic_source: v4-metrics\n"))
		if err == nil {
			t.Error("no error")
		}
		r.only(t, "attachment", "fail")
		r.wants(t, "attachment", "fail", "30 ports: not attached to any stream", "20 more", "POST /fabric/v4/streams")
	})
}

func TestAttachmentIsAskedOnlyOfTheMetricsAPI(t *testing.T) {
	for _, more := range []string{"", "    traffic_source: v3\n"} {
		synctest.Test(t, func(t *testing.T) {
			api := fabrictest.New(fabrictest.Options{})
			r, err := examine(t, api.Transport(), account(discovery+more))
			if err != nil {
				t.Errorf("Run: %v", err)
			}
			if n := len(r.of("attachment")) + api.Count(fabrictest.OpSearchStreamAssets); n != 0 {
				t.Errorf("%q: %d lines and calls", more, n)
			}
		})
	}
}

func TestAttachmentsAreRefused(t *testing.T) {
	for status, words := range map[int]string{http.StatusForbidden: "right to view streams", http.StatusBadGateway: "trouble at Equinix"} {
		synctest.Test(t, func(t *testing.T) {
			api := metricsOnly(fabrictest.Options{})
			api.Inject(refusal(fabrictest.OpSearchStreamAssets, "", status, "EQ-3000197"))
			r, err := examine(t, api.Transport(), account(discovery))
			if err == nil {
				t.Error("no error")
			}
			r.only(t, "attachment", "fail")
			r.wants(t, "attachment", "fail", fmt.Sprintf("HTTP %d", status), words)
			r.wants(t, "samples", "warn", fabrictest.MetricsDisabled, "no samples")
		})
	}
}

// Without a source the doctor cannot say why ports have no data.
func TestAttachmentIsSkippedWithoutASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := metricsOnly(fabrictest.Options{Gone: []string{fabrictest.OpSearchMetrics}})
		r, err := examine(t, api.Transport(), account(discovery))
		if err == nil {
			t.Error("no error")
		}
		r.only(t, "attachment", "skip")
		r.only(t, "samples", "skip")
	})
}
