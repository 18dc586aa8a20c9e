package fabrictest

import "net/http"

// connectionStatsV4 answers the deprecated call for one connection. Unlike that
// of a port it wants to know from which side to look.
func (a *API) connectionStatsV4(c *call) reply {
	w, flaws := parseWindow(c.http, "startDateTime", "endDateTime")
	viewPoint := c.http.URL.Query().Get("viewPoint")
	if viewPoint != ASide && viewPoint != ZSide {
		flaws = append(flaws, propertyFlaw{"viewPoint", "Must be aSide or zSide"})
	}
	if len(flaws) > 0 {
		return invalidQuery(flaws...)
	}
	r := a.roster.Load()
	conn := r.connections[c.uuid]
	if conn == nil {
		return notFound(c.uuid)
	}
	in := a.readConnection(r, conn, viewPoint, Inbound, w, c.now)
	out := a.readConnection(r, conn, viewPoint, Outbound, w, c.now)
	c.fault.alter(&in)
	c.fault.alter(&out)
	head := jsonReply(struct {
		Href string `json:"href"`
		Type string `json:"type"`
		UUID string `json:"uuid"`
		Name string `json:"name"`
	}{hrefConnections + conn.UUID, conn.Type, conn.UUID, conn.Name})
	return reply{status: http.StatusOK, body: appendStats(head.body, viewPoint, w, in, out)}
}
