package fabrictest_test

import (
	"net/http"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

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
