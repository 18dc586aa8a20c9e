package poll_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

var (
	errBroken = &fabric.Error{Op: fabric.OpPortStatsV3, Status: http.StatusInternalServerError}
	errGone   = &fabric.Error{Op: fabric.OpPortStatsV3, Status: http.StatusNotFound}
)

// call is one call of the fake API.
type call struct {
	at       time.Time
	what     string // ports, userports, connections, v3, v4-stats, connection v4-stats, connection v4-metrics
	uuid     string // of a traffic call
	from, to time.Time
	view     string // point of a traffic call about a connection
}

// fakeAPI answers as its fields say; the zero value knows every port, and
// answers traffic calls with one fresh point.
type fakeAPI struct {
	mu    sync.Mutex
	calls []call

	ports, userPorts func() ([]fabric.Port, error)
	traffic          func(source, uuid string) (*fabric.Traffic, error)
	connections      func(ports []string, each func([]string, []fabric.Connection, error))
	// The view point is "" where the source wants none.
	connectionTraffic func(source, uuid, viewPoint string) (*fabric.ConnectionTraffic, error)
	assets            func() ([]fabric.StreamAsset, error)
	price             func(what string, of fabric.ConnectionProduct) (fabric.Price, error) // what is port, connection or v3

	all, buyer func() ([]fabric.Connection, error) // without them there is no such call
	login      fabric.TokenStatus
}

func (f *fakeAPI) note(c call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.at = time.Now()
	f.calls = append(f.calls, c)
}

// of lists the calls of that kind, of that port where uuid is not "".
func (f *fakeAPI) of(what, uuid string) []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.calls), func(c call) bool {
		return c.what != what || uuid != "" && c.uuid != uuid
	})
}

func listing[T any](list func() ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if list == nil {
			return
		}
		items, err := list()
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			yield(*new(T), err)
		}
	}
}

func (f *fakeAPI) Connections(context.Context) iter.Seq2[fabric.Connection, error] {
	f.note(call{what: "all connections"})
	return listing(orGone(f.all))
}

func (f *fakeAPI) BuyerConnectionsV3(context.Context) iter.Seq2[fabric.Connection, error] {
	f.note(call{what: "v3 connections"})
	return listing(orGone(f.buyer))
}

// orGone is list, or a list that does not exist.
func orGone(list func() ([]fabric.Connection, error)) func() ([]fabric.Connection, error) {
	if list != nil {
		return list
	}
	return func() ([]fabric.Connection, error) { return nil, errGone }
}

func (f *fakeAPI) Ports(context.Context) iter.Seq2[fabric.Port, error] {
	f.note(call{what: "ports"})
	return listing(f.ports)
}

func (f *fakeAPI) UserPortsV3(context.Context) iter.Seq2[fabric.Port, error] {
	f.note(call{what: "userports"})
	return listing(f.userPorts)
}

func (f *fakeAPI) PortStatsV3(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error) {
	return f.stats(ctx, "v3", uuid, from, to)
}

func (f *fakeAPI) PortStatsV4(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error) {
	return f.stats(ctx, "v4-stats", uuid, from, to)
}

func (f *fakeAPI) stats(ctx context.Context, source, uuid string, from, to time.Time) (*fabric.Traffic, error) {
	f.note(call{what: source, uuid: uuid, from: from, to: to})
	if f.traffic != nil {
		return f.traffic(source, uuid)
	}
	return fresh(), ctx.Err()
}

func (f *fakeAPI) PortMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.Traffic, error) {
	return f.stats(ctx, "v4-metrics", uuid, from, to)
}

func (f *fakeAPI) ConnectionStats(ctx context.Context, uuid, viewPoint string, from, to time.Time) (*fabric.Traffic, error) {
	t, err := f.connectionStats(ctx, "v4-stats", uuid, viewPoint, from, to)
	if err != nil {
		return nil, err
	}
	return &t.Traffic, nil
}

func (f *fakeAPI) ConnectionMetrics(ctx context.Context, uuid string, from, to time.Time) (*fabric.ConnectionTraffic, error) {
	return f.connectionStats(ctx, "v4-metrics", uuid, "", from, to)
}

func (f *fakeAPI) connectionStats(ctx context.Context, source, uuid, viewPoint string, from, to time.Time) (*fabric.ConnectionTraffic, error) {
	f.note(call{what: "connection " + source, uuid: uuid, from: from, to: to, view: viewPoint})
	if f.connectionTraffic != nil {
		return f.connectionTraffic(source, uuid, viewPoint)
	}
	t := fresh()
	t.Capacity = nil
	return &fabric.ConnectionTraffic{Traffic: *t}, ctx.Err()
}

func (f *fakeAPI) priced(what string, of fabric.ConnectionProduct) (fabric.Price, error) {
	f.note(call{what: "price " + what, uuid: of.Port})
	if f.price != nil {
		return f.price(what, of)
	}
	return fabric.Price{}, nil
}

func (f *fakeAPI) PortPrice(_ context.Context, uuid string) (fabric.Price, error) {
	return f.priced("port", fabric.ConnectionProduct{Port: uuid})
}

func (f *fakeAPI) ConnectionPrice(_ context.Context, of fabric.ConnectionProduct) (fabric.Price, error) {
	return f.priced("connection", of)
}

func (f *fakeAPI) ConnectionPriceV3(_ context.Context, of fabric.ConnectionProduct) (fabric.Price, error) {
	return f.priced("v3", of)
}

func (f *fakeAPI) StreamAssets(context.Context) iter.Seq2[fabric.StreamAsset, error] {
	f.note(call{what: "assets"})
	return func(yield func(fabric.StreamAsset, error) bool) {
		if f.assets == nil {
			return
		}
		assets, err := f.assets()
		for _, a := range assets {
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(fabric.StreamAsset{}, err)
		}
	}
}

func (f *fakeAPI) PortConnections(ctx context.Context, ports []string, each func([]string, []fabric.Connection, error)) error {
	f.note(call{what: "connections"})
	if f.connections != nil {
		f.connections(ports, each)
	} else {
		each(ports, nil, nil)
	}
	return ctx.Err()
}

// fresh is an answer with one point of ten minutes ago.
func fresh() *fabric.Traffic {
	s := fabric.Rates{Max: new(3e6), Mean: new(1e6), Last: new(2e6), Points: []fabric.Point{{Time: time.Now().Add(-10 * time.Minute), Mean: 2e6}}}
	return &fabric.Traffic{Capacity: new(1e9), Inbound: s, Outbound: s}
}

// uuids are n port UUIDs.
func uuids(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	return all
}

// bench is a poller over one fake account.
type bench struct {
	api   *fakeAPI
	cfg   poll.Config
	store fleet.Store
	reg   *prometheus.Registry // of the latest run
	log   *slog.Logger
}

func newBench(t *testing.T, api *fakeAPI, ports ...string) *bench {
	b := &bench{api: api, log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	account := poll.Account{Name: "prod", API: api, Sources: poll.Sources(), Login: func() fabric.TokenStatus { return api.login }}
	for _, uuid := range ports {
		account.Ports = append(account.Ports, poll.Port{UUID: uuid})
	}
	b.cfg = poll.Config{
		Accounts:    []poll.Account{account},
		Windows:     []fleet.Window{{Span: 24 * time.Hour, Resolution: 5 * time.Minute, Interval: 5 * time.Minute}},
		Connections: 5 * time.Minute, Inventory: 15 * time.Minute, StaleIntervals: 5,
		RequestsPerSecond: 5, Concurrency: 8, Timeout: 30 * time.Second,
	}
	return b
}

// logTo takes the log down. Read it when the poller has ended.
func (b *bench) logTo(w io.Writer) { b.log = slog.New(slog.NewTextHandler(w, nil)) }

// run polls for d of the bubble's time.
func (b *bench) run(t *testing.T, d time.Duration) {
	t.Helper()
	b.during(t, func(*poll.Poller) { time.Sleep(d) })
}

// during polls while do runs, and until all that it has set off is done.
func (b *bench) during(t *testing.T, do func(*poll.Poller)) {
	t.Helper()
	b.reg = prometheus.NewPedanticRegistry()
	p := poll.New(b.cfg, &b.store, poll.NewMetrics(b.reg), b.log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	do(p)
	synctest.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// port is the port as it stands in the store.
func (b *bench) port(t *testing.T, uuid string) *fleet.Port {
	t.Helper()
	for _, p := range b.store.Load().Ports {
		if p.UUID == uuid {
			return p
		}
	}
	t.Fatalf("no port %s", uuid)
	return nil
}

// counted is a counter of the latest run by its last label, without those at 0.
func (b *bench) counted(t *testing.T, name string) map[string]float64 {
	t.Helper()
	families, err := b.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if v := m.GetCounter().GetValue(); f.GetName() == "equinix_fabric_"+name && v > 0 {
				all[m.GetLabel()[len(m.GetLabel())-1].GetValue()] += v
			}
		}
	}
	return all
}

// allSeen lists every port with a name.
func allSeen(uuids ...string) func() ([]fabric.Port, error) {
	return func() ([]fabric.Port, error) {
		ports := make([]fabric.Port, len(uuids))
		for i, u := range uuids {
			ports[i] = fabric.Port{UUID: u, Name: "name-of-" + u, Capacity: new(10e9), State: "ACTIVE"}
		}
		return ports, nil
	}
}

// failing lists nothing but an error.
func failing(err error) func() ([]fabric.Port, error) {
	return func() ([]fabric.Port, error) { return nil, err }
}

var errOther = errors.New("something else")
