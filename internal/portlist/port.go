package portlist

import (
	"slices"
	"strings"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// list is what is printed.
type list struct {
	now      time.Time
	window   string   // label of the primary window
	accounts []string // in the order of the configuration
	ports    []port   // the busiest first; ports without a known load last
	usage    []*usage // of the ports in a window, only if that was asked for; in the same order of its own load
}

// port is one port as it is printed. Rates are in bit/s; nil is unknown. The names of
// the JSON are a contract with users.
type port struct {
	Account      string     `json:"account"`
	UUID         string     `json:"uuid"`
	Name         string     `json:"name"`
	Metro        *string    `json:"metro"`
	Capacity     *float64   `json:"capacity_bits_per_second"`
	InLast       *float64   `json:"in_last_bits_per_second"`
	InP95        *float64   `json:"in_p95_bits_per_second"`
	OutLast      *float64   `json:"out_last_bits_per_second"`
	OutP95       *float64   `json:"out_p95_bits_per_second"`
	Window       string     `json:"p95_window"`
	Utilization  *float64   `json:"utilization_ratio"` // of the busier direction
	Connections  *int       `json:"connections"`
	NewestSample *time.Time `json:"newest_sample"`
	MonthlyPrice *float64   `json:"monthly_price"` // by the price list
	Currency     *string    `json:"currency"`      // of MonthlyPrice
	Problem      *string    `json:"problem"`

	named bool // Name is more than the UUID
}

func newList(snap *fleet.Snapshot, now time.Time) *list {
	l := &list{now: now, window: snap.Windows[0].Label(), ports: make([]port, 0, len(snap.Ports))}
	for _, a := range snap.Accounts {
		l.accounts = append(l.accounts, a.Name)
	}
	for _, v := range snap.Busiest(now) {
		a, _ := snap.Account(v.Account)
		l.ports = append(l.ports, newPort(v, a.InventoryPoll.OK))
	}
	return l
}

func newPort(v fleet.View, listed bool) port {
	p := port{
		Account: v.Account, UUID: v.UUID, Name: v.Name(), named: v.Name() != v.UUID,
		Capacity: v.Capacity(), Window: v.Windows[0].Label(),
		InLast: v.Last(fleet.Inbound), OutLast: v.Last(fleet.Outbound), Utilization: v.Utilization(),
	}
	if i := v.Port.Inventory; i != nil && i.Metro != "" { // the metro does not expire
		p.Metro = &i.Metro
	}
	if t := v.Traffic[0]; t != nil {
		p.InP95, p.OutP95 = t.Inbound.P95, t.Outbound.P95
	}
	if v.Connections != nil {
		p.Connections = new(v.Connections.Present())
	}
	if t := v.NewestSample(); !t.IsZero() {
		p.NewestSample = new(t.UTC())
	}
	if v.Price != nil && v.Price.Monthly != nil {
		p.MonthlyPrice, p.Currency = v.Price.Monthly, &v.Price.Currency
	}
	if all := problems(&v, listed); len(all) > 0 {
		p.Problem = new(strings.Join(all, "; "))
	}
	return p
}

// problems are the reasons why values of the port are missing, each once. listed says
// that the ports of its account were listed: then the account cannot see a port
// without inventory.
func problems(v *fleet.View, listed bool) []string {
	var all []string
	add := func(problem string) {
		if !slices.Contains(all, problem) {
			all = append(all, problem)
		}
	}
	if listed && v.Listed && v.Port.Inventory == nil {
		add("not visible; check its uuid")
	}
	if v.Inventory != nil {
		if status := v.Inventory.OperationalStatus(); status != "" && status != fleet.StatusUp {
			add(status)
		}
	}
	if v.Attached != nil && !*v.Attached {
		add("no metrics stream")
	}
	switch {
	case !v.Polls[0].Tried():
		add("traffic: not polled yet")
	case v.Polls[0].OK && !v.Sampled():
		add("no samples")
	}
	for _, poll := range v.Polls {
		if poll.Err != "" {
			add("traffic: " + poll.Err)
		}
	}
	if err := v.ConnectionsPoll.Err; err != "" {
		add("connections: " + err)
	}
	return all
}
