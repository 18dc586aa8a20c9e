package fabrictest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

const connectionsPath = "/fabric/v4/connections"

// clerk orders connections and watches them while the time goes by.
type clerk struct {
	*client

	api *fabrictest.API
	at  time.Time
}

func newClerk(t *testing.T) *clerk {
	t.Helper()
	k := &clerk{at: now}
	k.api, k.client = newClient(t, fabrictest.Options{Now: func() time.Time { return k.at }, TokenLife: day})
	return k
}

type ordered struct {
	UUID, Name, State, Direction string
	Bandwidth                    int64
	Operation                    struct{ EquinixStatus, ProviderStatus string }
	Change                       struct{ Type, Status string }
}

func (o ordered) String() string {
	return strings.Join([]string{o.State, o.Operation.EquinixStatus, o.Operation.ProviderStatus, o.Change.Status}, " ")
}

// send expects a connection for an answer.
func (k *clerk) send(status int, method, path, body string) (o ordered) {
	k.t.Helper()
	got, answer := k.do(method, path, body)
	if got != status {
		k.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), &o); err != nil {
		k.t.Fatal(err)
	}
	return o
}

// watch checks what becomes of a connection, five seconds after another.
func (k *clerk) watch(uuid string, want ...string) {
	k.t.Helper()
	var got []string
	for range want {
		k.at = k.at.Add(5 * time.Second)
		got = append(got, k.send(http.StatusOK, "GET", connectionsPath+"/"+uuid, "").String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		k.t.Errorf("(-want +got)\n%s", diff)
	}
}

func (k *clerk) port(name string) (p port) {
	k.t.Helper()
	k.decode(&p, "GET", "/fabric/v4/ports/"+uuid(k.t, k.api, name), "")
	return p
}

func colo(uuid string, vlan int) string {
	return fmt.Sprintf(`{"accessPoint":{"type":"COLO","port":{"uuid":%q},"linkProtocol":{"type":"DOT1Q","vlanTag":%d}}}`, uuid, vlan)
}

func order(aSide, zSide string, bandwidth int) string {
	return fmt.Sprintf(`{"type":"EVPL_VC","name":"made with curl","order":{"purchaseOrderNumber":"PO-7"},"bandwidth":%d,
		"aSide":%s,"zSide":%s,"notifications":[{"type":"ALL","emails":["somebody@example.com"]}]}`, bandwidth, aSide, zSide)
}

// provider is the z-side of a service profile.
func (k *clerk) provider(name, key string) string {
	k.t.Helper()
	var page struct{ Data []struct{ UUID string } }
	k.decode(&page, "POST", "/fabric/v4/serviceProfiles/search", `{"filter":`+condition("/name", "=", name)+`}`)
	return fmt.Sprintf(`{"accessPoint":{"type":"SP","profile":{"uuid":%q},"location":{"metroCode":"SV"},"authenticationKey":%q}}`, page.Data[0].UUID, key)
}

func replace(path string, value any) string {
	b, _ := json.Marshal([]map[string]any{{"op": "replace", "path": path, "value": value}})
	return string(b)
}

func TestLifeOfAConnection(t *testing.T) {
	k := newClerk(t)
	a, z := uuid(t, k.api, fabrictest.DemoIdle), uuid(t, k.api, fabrictest.DemoLAG)
	empty := k.port(fabrictest.DemoIdle)
	o := k.send(http.StatusCreated, "POST", connectionsPath, order(colo(a, 1001), colo(z, 1002), 200))
	if o.String() != "PENDING PENDING_AUTO_APPROVAL NOT_AVAILABLE REQUESTED" || o.Direction != "INTERNAL" || o.Bandwidth != 200 {
		t.Errorf("ordered %+v", o)
	}
	path := connectionsPath + "/" + o.UUID
	k.watch(o.UUID, "PROVISIONING PROVISIONING PROVISIONING APPROVED", "PROVISIONED PROVISIONED AVAILABLE COMPLETED")
	if p := k.port(fabrictest.DemoIdle); p.Operation.ConnectionCount != empty.Operation.ConnectionCount+1 ||
		p.UsedBandwidth != empty.UsedBandwidth+200 || p.AvailableBandwidth != empty.AvailableBandwidth-200 {
		t.Errorf("the port went from %+v to %+v", empty, p)
	}

	o = k.send(http.StatusAccepted, "PATCH", path, replace("/bandwidth", 500))
	if o.String() != "PROVISIONED PROVISIONED AVAILABLE REQUESTED" || o.Bandwidth != 200 {
		t.Errorf("resized %+v", o)
	}
	k.wantError(http.StatusBadRequest, "/state", "PATCH", path, replace("/bandwidth", 100))
	k.watch(o.UUID, "REPROVISIONING PROVISIONING PROVISIONING APPROVED", "PROVISIONED PROVISIONED AVAILABLE COMPLETED")
	if p := k.port(fabrictest.DemoIdle); p.UsedBandwidth != empty.UsedBandwidth+500 {
		t.Errorf("the port has %d used of it", p.UsedBandwidth)
	}

	o = k.send(http.StatusOK, "DELETE", path, "")
	if o.String() != "DEPROVISIONING DEPROVISIONING DEPROVISIONING APPROVED" {
		t.Errorf("deleted %+v", o)
	}
	k.watch(o.UUID, "DEPROVISIONED DEPROVISIONED DEPROVISIONED COMPLETED")
	if diff := cmp.Diff(empty, k.port(fabrictest.DemoIdle)); diff != "" {
		t.Errorf("the port after all (-want +got)\n%s", diff)
	}
	k.wantError(http.StatusBadRequest, "DEPROVISIONED", "DELETE", path, "")
	k.wantError(http.StatusBadRequest, "DEPROVISIONED", "PATCH", path, replace("/bandwidth", 100))
}

func TestLateClocksSeeAllSteps(t *testing.T) {
	k := newClerk(t)
	a := uuid(t, k.api, fabrictest.DemoIdle)
	o := k.send(http.StatusCreated, "POST", connectionsPath, order(colo(a, 1), colo(uuid(t, k.api, fabrictest.DemoLAG), 2), 200))
	k.at = k.at.Add(time.Hour)
	for _, c := range k.api.Fleet().Connections {
		if want := now.Add(10 * time.Second); c.UUID == o.UUID && (c.State != "PROVISIONED" || !c.Updated.Equal(want)) {
			t.Errorf("%s since %v; want PROVISIONED since %v", c.State, c.Updated, want)
		}
	}
}

func TestProviderHasASay(t *testing.T) {
	k := newClerk(t)
	body := order(colo(uuid(t, k.api, fabrictest.DemoPrimary), 7), k.provider("Backup as a Service", ""), 200)
	act := func(o ordered, kind, description string) ordered {
		t.Helper()
		return k.send(http.StatusCreated, "POST", connectionsPath+"/"+o.UUID+"/actions", fmt.Sprintf(`{"type":%q,"description":%q}`, kind, description))
	}

	o := k.send(http.StatusCreated, "POST", connectionsPath, body)
	k.watch(o.UUID, "PENDING PENDING_APPROVAL PENDING_APPROVAL SUBMITTED_FOR_APPROVAL")
	if o := act(o, "CONNECTION_CREATION_REJECTION", "no room"); o.String() != "CANCELLED REJECTED REJECTED REJECTED" {
		t.Errorf("rejected: %s", o)
	}

	o = k.send(http.StatusCreated, "POST", connectionsPath, body)
	act(o, "CONNECTION_CREATION_ACCEPTANCE", "")
	k.watch(o.UUID, "PROVISIONED PROVISIONED AVAILABLE COMPLETED")
	k.wantError(http.StatusBadRequest, "/state", "POST", connectionsPath+"/"+o.UUID+"/actions", `{"type":"CONNECTION_CREATION_ACCEPTANCE"}`)

	path := connectionsPath + "/" + o.UUID
	k.send(http.StatusAccepted, "PATCH", path, replace("/bandwidth", 500))
	k.watch(o.UUID, "PROVISIONED PROVISIONED AVAILABLE SUBMITTED_FOR_APPROVAL")
	act(o, "CONNECTION_UPDATE_REJECTION", "too much")
	k.watch(o.UUID, "PROVISIONED PROVISIONED AVAILABLE REJECTED")
	k.send(http.StatusAccepted, "PATCH", path, replace("/bandwidth", 1000))
	act(o, "CONNECTION_UPDATE_ACCEPTANCE", "")
	k.watch(o.UUID, "PROVISIONED PROVISIONED AVAILABLE COMPLETED")
	if got := k.send(http.StatusOK, "GET", path, "").Bandwidth; got != 1000 {
		t.Errorf("%d Mbit/s", got)
	}

	k.send(http.StatusOK, "DELETE", path, "")
	k.watch(o.UUID, "PROVISIONED PENDING_DELETE PENDING DELETE SUBMITTED_FOR_APPROVAL")
	act(o, "CONNECTION_DELETION_ACCEPTANCE", "")
	k.watch(o.UUID, "DEPROVISIONED DEPROVISIONED DEPROVISIONED COMPLETED")
}

func TestOrderRefusals(t *testing.T) {
	k := newClerk(t)
	a, z := colo(uuid(t, k.api, fabrictest.DemoIdle), 1), colo(uuid(t, k.api, fabrictest.DemoLAG), 2)
	foreign := colo(uuid(t, k.api, fabrictest.DemoForeign), 3)
	for _, tc := range []struct {
		name, body, want string
		status           int
	}{
		{"nothing", `{}`, "notifications are required", 400},
		{"no JSON", `type=EVPL_VC`, "EQ-3046116", 400},
		{"an odd bandwidth", order(a, z, 123), `"/bandwidth"`, 400},
		{"no such port", order(a, colo("x", 1), 200), `"/zSide/accessPoint/port/uuid"`, 400},
		{"no VLAN", order(colo(uuid(t, k.api, fabrictest.DemoIdle), 0), z, 200), `"/aSide/accessPoint/linkProtocol/vlanTag"`, 400},
		{"no kind of access point", order(a, `{"accessPoint":{"type":"CLOUD"}}`, 200), `"/zSide/accessPoint/type"`, 400},
		{"a bad key", order(a, k.provider("Cirrus Direct Link", "12"), 200), "Account ID", 400},
	} {
		t.Run(tc.name, func(t *testing.T) { k.wantError(tc.status, tc.want, "POST", connectionsPath, tc.body) })
	}
	if n := len(k.api.Fleet().Connections); n != 190 {
		t.Errorf("%d connections after refusals", n)
	}
	if o := k.send(http.StatusCreated, "POST", connectionsPath, order(a, foreign, 200)); o.Operation.EquinixStatus != "PENDING_APPROVAL" {
		t.Errorf("to a foreign port: %s", o)
	}
}

func TestValidateAuthorizationKey(t *testing.T) {
	k := newClerk(t)
	var page struct{ Data []struct{ UUID, Name string } }
	k.decode(&page, "GET", "/fabric/v4/serviceProfiles", "")
	for _, path := range []string{"/fabric/v4/connections/validate", "/fabric/v4/connection/validate"} {
		body := func(key string) string {
			return `{"filter":{"and":[` + condition("/zSide/accessPoint/authenticationKey", "=", key) + "," +
				condition("/zSide/accessPoint/profile/uuid", "=", page.Data[0].UUID) + `]}}`
		}
		if _, answer := k.do("POST", path, body("123456789012")); !strings.Contains(answer, "Authorization key provided is valid") {
			t.Errorf("a good key: %s", answer)
		}
		k.wantError(http.StatusBadRequest, "is invalid", "POST", path, body("12"))
	}
}

func TestValidateVLAN(t *testing.T) {
	k := newClerk(t)
	c := named(t, k.api, fabrictest.DemoThrottled)
	body := func(port string, vlan int) string {
		return `{"filter":{"and":[` + condition("/aSide/accessPoint/port/uuid", "=", port) + "," +
			condition("/aSide/accessPoint/linkProtocol/vlanTag", "=", fmt.Sprint(vlan)) + `]}}`
	}
	const path = "/fabric/v4/connections/validate"
	k.wantError(http.StatusBadRequest, "Used by connection "+c.UUID, "POST", path, body(c.ASide.Port, c.ASide.VLAN))
	if _, answer := k.do("POST", path, body(c.ASide.Port, 4094)); !strings.Contains(answer, "VLAN is available") {
		t.Errorf("a free VLAN: %s", answer)
	}
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
