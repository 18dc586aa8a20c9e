package fabrictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// actionRequest is what one side says to a wish of the other.
type actionRequest struct {
	Type        string `json:"type"`
	Description string `json:"description"`
	Data        struct {
		ZSide *sideRequest `json:"zSide"`
	} `json:"data"`
}

// action is a kind of action: whether a connection is in a state for it, and
// what it does.
type action struct {
	fits func(*Connection) bool
	do   func(*API, *Connection, time.Time) *step
}

var actions = map[string]action{
	"CONNECTION_CREATION_ACCEPTANCE": {awaitsCreation, (*API).provision},
	"CONNECTION_CREATION_REJECTION": {awaitsCreation, func(_ *API, c *Connection, now time.Time) *step {
		c.resolve(changeRejected, now)
		c.set(StateCancelled, statusRejected, statusRejected)
		return nil
	}},
	"CONNECTION_UPDATE_ACCEPTANCE": {awaitsBandwidth, (*API).resize},
	"CONNECTION_UPDATE_REJECTION": {awaitsBandwidth, func(_ *API, c *Connection, now time.Time) *step {
		c.resolve(changeRejected, now)
		return nil
	}},
	"CONNECTION_DELETION_ACCEPTANCE": {awaitsDeletion, (*API).deprovision},
	"CONNECTION_PROVIDER_STATUS_REQUEST": {toProvider, func(a *API, c *Connection, _ time.Time) *step {
		if c.ProviderStatus == "PENDING_BGP" {
			c.EquinixStatus, c.ProviderStatus = StateProvisioned, statusAvailable
		}
		return a.agenda.steps[c.UUID]
	}},
}

func awaitsCreation(c *Connection) bool {
	return c.State == StatePending && c.EquinixStatus == statusPendingApproval
}

func awaitsBandwidth(c *Connection) bool { return c.bandwidthChange(changeSubmitted) }
func awaitsDeletion(c *Connection) bool  { return c.EquinixStatus == statusPendingDelete }
func toProvider(c *Connection) bool      { return c.ZSide.Profile != "" && c.live() }

// providerBandwidth asks something and changes nothing.
const providerBandwidth = "CONNECTION_PROVIDER_BANDWIDTH_REQUEST"

// actOnConnection accepts or rejects what was asked for, or asks the provider.
func (a *API) actOnConnection(c *call) reply {
	var q actionRequest
	if err := json.Unmarshal(c.body, &q); err != nil {
		return badJSON("Unreadable json", "", err.Error())
	}
	if q.Type == providerBandwidth {
		return a.providerBandwidth(c)
	}
	act, ok := actions[q.Type]
	switch {
	case !ok:
		return invalid("Invalid action", propertyFlaw{"/type", fmt.Sprintf("Unexpected value %q", q.Type)})
	case strings.HasSuffix(q.Type, "_REJECTION") && q.Description == "":
		return invalid("Invalid action", propertyFlaw{"/description", "Required field"})
	}
	return a.change(c, http.StatusCreated, func(r *roster, conn *Connection) (*step, *reply) {
		if !act.fits(conn) {
			return nil, wrongState(conn)
		}
		if q.Data.ZSide != nil {
			side, flaws := r.side("/data/zSide", q.Data.ZSide)
			if len(flaws) > 0 {
				return nil, new(invalid("Invalid action", flaws...))
			}
			conn.ZSide.Port, conn.ZSide.Name, conn.ZSide.VLAN, conn.ZSide.Inner = side.Port, side.Name, side.VLAN, side.Inner
		}
		return act.do(a, conn, c.now), nil
	})
}

type actionDoc struct {
	Type string `json:"type"`
	Data struct {
		ProviderBandwidth int64 `json:"providerBandwidth"`
	} `json:"data"`
	ChangeLog changeLogDoc `json:"changeLog"`
}

// providerBandwidth says what the provider's side of a connection is good for.
func (a *API) providerBandwidth(c *call) reply {
	conn := a.roster.Load().connections[c.uuid]
	switch {
	case conn == nil:
		return notFound(c.uuid)
	case !toProvider(conn):
		return *wrongState(conn)
	}
	doc := actionDoc{Type: providerBandwidth, ChangeLog: changeLogDoc{
		CreatedBy: "jdoe", CreatedByEmail: "jdoe@example.com", CreatedDateTime: v4Time(c.now), UpdatedDateTime: new(v4Time(c.now)),
	}}
	doc.Data.ProviderBandwidth = conn.Bandwidth
	r := jsonReply(doc)
	r.status = http.StatusCreated
	return r
}
