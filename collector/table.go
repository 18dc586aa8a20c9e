package collector

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Namespace is the start of the name of every family of the exporter.
const Namespace = "equinix_fabric"

// Family is one metric family of the contract.
type Family struct {
	Name    string
	Help    string
	Counter bool     // else a gauge
	Labels  []string // in the order of the values
	Subject string   // the kind of subject: fleet, account, port, pair or connection
	Class   string   // of the polls that the values expire with, as in poll_interval_seconds; "" if Help says when they do

	usual int // see row
	desc  *prometheus.Desc

	index  int32 // of all families
	own    int   // how many of Labels, the first ones, identify the subject
	sorted []int // the indexes of Labels in the order of their names
	ownAt  int   // where in sorted the labels of the subject are: no other label is between them

	textHeader, openMetricsHeader string
}

// row is a family of the subjects S. Its position in a table is its position in
// the documentation, and among the samples of a subject.
type row[S any] struct {
	name    string // without the namespace
	help    string // if class is set, help is completed with how long values are shown
	class   string
	labels  []string // in addition to the labels of every family of the subject
	usual   int      // series of one subject that has all; 0: computed from the labels, see perSubject
	counter bool
	samples func(*S, emit) // sends the series of a subject
}

// The classes of polls.
const (
	traffic           = "traffic"
	connections       = "connections"
	inventory         = "inventory"
	connectionTraffic = "connection_traffic"
	prices            = "prices"
)

// table is all families of one kind of subject.
type table[S any] struct {
	own      []string // labels of the subject
	families []Family
	samples  []func(*S, emit) // by family
}

// newTable makes families of the rows. labels identify the subject and come first.
func newTable[S any](subject string, labels []string, rows ...[]row[S]) table[S] {
	t := table[S]{own: labels}
	for _, r := range slices.Concat(rows...) {
		f := Family{
			Name: Namespace + "_" + r.name, Help: r.help, Counter: r.counter,
			Labels: slices.Concat(labels, r.labels), Subject: subject, Class: r.class, usual: r.usual, own: len(labels),
		}
		f.sorted = sortedIndexes(f.Labels)
		f.ownAt = slices.IndexFunc(f.sorted, func(label int) bool { return label < f.own })
		interval := map[string]string{
			prices: "every prices.interval of the account", inventory: "every poll.inventory_interval", connections: "every poll.connections_interval",
			traffic: "with the first window", connectionTraffic: "with the first window",
		}[r.class]
		if interval != "" {
			if slices.Contains(r.labels, "window") {
				interval = "on the interval of the window"
			}
			f.Help += fmt.Sprintf(" Polled %s; dropped after poll.stale_intervals intervals without a successful poll.", interval)
		}
		f.textHeader, f.openMetricsHeader = f.header(false), f.header(true)
		f.desc = prometheus.NewDesc(f.Name, f.Help, f.Labels, nil)
		t.families = append(t.families, f)
		t.samples = append(t.samples, r.samples)
	}
	return t
}

// rowsOf turns rows of Part into rows of S, which contains a Part.
func rowsOf[S, Part any](part func(*S) *Part, rows []row[Part]) []row[S] {
	all := make([]row[S], len(rows))
	for i, r := range rows {
		all[i] = row[S]{r.name, r.help, r.class, r.labels, r.usual, r.counter, func(v *S, send emit) { r.samples(part(v), send) }}
	}
	return all
}

// tables are all families.
type tables struct {
	ports       table[fleet.View]
	pairs       table[fleet.PairView]
	connections table[fleet.ConnectionView]
	accounts    table[accountView]
	fleet       table[fleet.Snapshot]

	byName []*Family // all of them, in the order of their names
}

func newTables() tables {
	t := tables{
		ports: newTable("port", []string{"port_uuid", "port_name"}, portRows(), connectionCountRows(),
			rowsOf(func(v *fleet.View) *fleet.MeteredView { return &v.MeteredView }, trafficRows("port", traffic, "")), packetRows()),
		pairs: newTable("pair", []string{"pair"}, pairRows()),
		connections: newTable("connection", []string{"connection_uuid", "connection_name"}, connectionRows(),
			rowsOf(func(v *fleet.ConnectionView) *fleet.MeteredView { return &v.MeteredView }, trafficRows("connection", connectionTraffic, seenFrom))),
		accounts: newTable("account", []string{"account"}, accountRows()),
		fleet:    newTable("fleet", nil, fleetRows()),
	}
	for _, families := range [][]Family{t.ports.families, t.pairs.families, t.connections.families, t.accounts.families, t.fleet.families} {
		for i := range families {
			families[i].index = int32(len(t.byName)) //nolint:gosec // G115: some dozens
			t.byName = append(t.byName, &families[i])
		}
	}
	slices.SortFunc(t.byName, func(a, b *Family) int { return strings.Compare(a.Name, b.Name) })
	return t
}

func (t *tables) families() []Family {
	return slices.Concat(t.ports.families, t.pairs.families, t.connections.families, t.accounts.families, t.fleet.families)
}

// Families lists the families that are read from the snapshot, in the order of
// the documentation. Describe, Collect, docs/metrics.md and the tests are driven
// from the same tables.
func Families() []Family {
	t := newTables()
	return t.families()
}

// UsualSeries is how many series a port, a pair and a connection have with so many
// windows if the API says everything of them: one for each state that is documented to be
// always there, and one state of each other kind.
func UsualSeries(windows int) (ofPort, ofPair, ofConnection int) {
	t := newTables()
	usual := t.usualSeries(windows)
	return usual[port], usual[pair], usual[connection]
}

func (t *tables) usualSeries(windows int) (by [3]int) {
	by[port] = perSubject(t.ports.families, windows)
	by[pair] = perSubject(t.pairs.families, windows)
	by[connection] = perSubject(t.connections.families, windows)
	return by
}

// perSubject is how many series one subject usually has. A family whose row has no
// number has one for each direction, side and window, if it has such labels; its
// other labels have one value at a time.
func perSubject(families []Family, windows int) (sum int) {
	values := map[string]int{"direction": len(fleet.Directions()), "side": len(fleet.Sides()), "window": windows}
	for _, f := range families {
		n := f.usual
		if n == 0 {
			n = 1
			for _, label := range f.Labels {
				if of, ok := values[label]; ok {
					n *= of
				}
			}
		}
		sum += n
	}
	return sum
}

// send takes one sample of a family. It must not keep the labels.
type send func(f *Family, value float64, labels []string)

// each sends the samples of a subject, family by family. The subject's own labels
// come first.
func (t *table[S]) each(v *S, to send, own ...string) {
	var f *Family
	labels := append(make([]string, 0, 24), own...)
	sample := emit(func(value float64, more ...string) { to(f, value, append(labels, more...)) })
	for i, samples := range t.samples {
		f = &t.families[i]
		samples(v, sample)
	}
}

// emit sends one series of a family: its value, and the values of the labels after
// the labels of the subject.
type emit func(value float64, labels ...string)

// value sends nothing for nil.
func (e emit) value(v *float64, labels ...string) {
	if v != nil {
		e(*v, labels...)
	}
}

// bytes sends bit/s as bytes/s, and nothing for nil.
func (e emit) bytes(bits *float64, labels ...string) {
	if bits != nil {
		e(*bits/8, labels...)
	}
}

// one sends 1 with a label, and nothing if the label is empty.
func (e emit) one(label string) {
	if label != "" {
		e(1, label)
	}
}

// yes sends 1 for true and 0 for false.
func (e emit) yes(b bool, labels ...string) {
	v := 0.0
	if b {
		v = 1
	}
	e(v, labels...)
}

// time sends seconds since the epoch, to the millisecond, and nothing for the zero
// time.
func (e emit) time(t time.Time, labels ...string) {
	if !t.IsZero() {
		e(float64(t.UnixMilli())/1000, labels...)
	}
}

// status sends 1 for the current status and 0 for the others of all, and nothing
// if the current one is not known.
func (e emit) status(current string, all ...string) {
	if current == "" {
		return
	}
	if !slices.Contains(all, current) { // a new status of Equinix must not look like no status
		all = append(all, current)
	}
	for _, s := range all {
		e.yes(s == current, s)
	}
}
