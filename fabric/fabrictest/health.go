package fabrictest

type healthDoc struct {
	Href        string       `json:"href"`
	Version     string       `json:"version"`
	Release     string       `json:"release"`
	State       string       `json:"state"`
	APIServices []serviceDoc `json:"apiServices"`
}

type serviceDoc struct {
	Route   string `json:"route"`
	Status  string `json:"status"`
	Changed string `json:"changedDateTime"`
}

// healthRoutes are the services by route, with an operation of each.
var healthRoutes = [][2]string{
	{"/ports", OpPorts}, {"/connections", OpSearchConnections}, {"/metros", OpMetros},
	{"/serviceProfiles", OpServiceProfiles}, {"/stats", OpPortStatsV4}, {"/metrics", OpSearchMetrics},
}

// health says of which services there is nothing left.
func (a *API) health(*call) reply {
	doc := healthDoc{Href: hrefBase + "health", Version: "4.31", Release: "2026.8", State: "HEALTHY"}
	for _, r := range healthRoutes {
		status := StatusUp
		if a.faults.isGone(r[1]) {
			status = StatusDown
		}
		doc.APIServices = append(doc.APIServices, serviceDoc{r[0], status, "2026-01-01T00:00:00.000Z"})
	}
	return jsonReply(doc)
}
