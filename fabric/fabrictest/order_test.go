package fabrictest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func TestOrdersFromAndToOtherThings(t *testing.T) {
	k := newClerk(t)
	a := uuid(t, k.api, fabrictest.DemoCrowded)
	device := `{"accessPoint":{"type":"VD","virtualDevice":{"type":"EDGE","uuid":"device-1"},"interface":{"type":"NETWORK","id":5}}}`
	qinq := func(outer, inner int) string {
		return fmt.Sprintf(`{"accessPoint":{"type":"COLO","port":{"uuid":%q},"linkProtocol":{"type":"QINQ","vlanSTag":%d,"vlanCTag":%d}}}`, a, outer, inner)
	}
	body := strings.Replace(order(device, qinq(2001, 2002), 50), `"bandwidth"`, `"redundancy":{"priority":"PRIMARY"},"bandwidth"`, 1)
	first := k.send(http.StatusCreated, "POST", connectionsPath, body)
	status, answer := k.do("GET", connectionsPath+"/"+first.UUID, "")
	for _, want := range []string{
		`"vlanSTag":2001,"vlanCTag":2002`, `"type":"VD"`, `"purchaseOrderNumber":"PO-7","billingTier":"Up to 50 Mbps"`,
		`"emails":["somebody@example.com"]`, `"priority":"PRIMARY"`,
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("%d %s lacks %s", status, answer, want)
		}
	}
	group := k.api.Fleet().Connections[190].Group
	body = strings.Replace(body, `"PRIMARY"`, `"SECONDARY","group":"`+group+`"`, 1)
	k.send(http.StatusCreated, "POST", connectionsPath, body)
	if second := k.api.Fleet().Connections[191]; second.Group != group || second.Priority != "SECONDARY" || group == "" {
		t.Errorf("the second of group %q is %+v", group, second)
	}
	k.wantError(http.StatusBadRequest, "vlanSTag", "POST", connectionsPath, order(device, qinq(4095, 1), 50))
	k.wantError(http.StatusBadRequest, "virtual device", "POST", connectionsPath, order(`{"accessPoint":{"type":"VD"}}`, qinq(1, 1), 50))
}

func TestEditsReplaceWhatWasToHappen(t *testing.T) {
	k := newClerk(t)
	a, z := colo(uuid(t, k.api, fabrictest.DemoIdle), 1), colo(uuid(t, k.api, fabrictest.DemoLAG), 2)
	o := k.send(http.StatusCreated, "POST", connectionsPath, order(a, z, 200))
	if !k.api.EditConnection(o.UUID, func(c *fabrictest.Connection) { c.Name = "edited" }) || k.api.EditConnection("nobody", nil) {
		t.Error("EditConnection does not report what was there")
	}
	edited := named(t, k.api, "edited")
	edited.State = "DRAFT"
	k.api.AddConnection(edited)
	k.watch(o.UUID, "DRAFT PENDING_AUTO_APPROVAL NOT_AVAILABLE REQUESTED", "DRAFT PENDING_AUTO_APPROVAL NOT_AVAILABLE REQUESTED")
	second := k.send(http.StatusCreated, "POST", connectionsPath, order(a, z, 200))
	k.api.RemoveConnection(second.UUID)
	k.watch(o.UUID, "DRAFT PENDING_AUTO_APPROVAL NOT_AVAILABLE REQUESTED")
}

func TestNewConnectionsHaveNoPast(t *testing.T) {
	k := newClerk(t)
	a, z := colo(uuid(t, k.api, fabrictest.DemoIdle), 1), colo(uuid(t, k.api, fabrictest.DemoLAG), 2)
	o := k.send(http.StatusCreated, "POST", connectionsPath, order(a, z, 200))
	k.at = k.at.Add(day)
	k.login()
	k.send(http.StatusOK, "GET", connectionsPath+"/"+o.UUID, "")
	samples := k.api.ConnectionTruth(o.UUID, "aSide", fabrictest.Inbound, k.at.Add(-7*day), k.at, fiveMinutes, k.at)
	if len(samples) < 250 || !samples[0].End.After(now) {
		t.Errorf("%d samples from %v on; ordered at %v", len(samples), samples[0].End, now)
	}
}
