package poll

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The chores of an account, which are polled like ports.
var (
	choreInventory = key{uuid: "inventory"}   // lists the ports
	choreSearch    = key{uuid: "connections"} // searches the connections on them
	choreStreams   = key{uuid: "streams"}     // lists what is attached to streams
	chorePrices    = key{uuid: "prices"}      // asks for list prices
	choreSummary   = key{uuid: "summary"}     // logs how the polls went, and looks at the plan
)

// account polls the ports of one set of credentials, in three laps: chores, the traffic
// of ports, and the traffic of tracked connections. They share the request budget that
// the client keeps, in the order of [fabric.Turn].
type account struct {
	Account

	cfg       Config
	index     int // in the snapshot
	store     *fleet.Store
	conflicts *conflicts
	metrics   *Metrics
	log       *pollLog

	chores      *lap
	ports       *traffic
	connections *traffic   // nil if none are tracked
	kinds       []*traffic // of these two, those that there are

	// Of the chores alone, each of which runs in one goroutine at a time.
	listedV4         bool                   // v4 has listed the ports
	goneV4           int                    // listings in a row that found no v4
	searchedV4       bool                   // v4 has searched connections
	goneSearches     int                    // searches in a row that v4 refused
	searches         int                    // since v3 lists the connections
	listAgain        bool                   // try the listing again in a minute: none has succeeded yet
	wasEmpty         bool                   // the latest listing that came through had lost every port
	missingPairPorts map[string]bool        // ports of configured pairs that were logged as missing
	lastOverLimit    int                    // connections selected when it was logged that they are too many
	prices           map[string]priceAnswer // by product

	begun      chan struct{} // closed when traffic may be polled
	hasListed  chan struct{} // closed when the first listing of ports in this run has ended
	beginOnce  sync.Once
	endListing func() // closes hasListed, once

	planning sync.Mutex             // held while a plan is made and published, before mu and the store's
	logged   map[*traffic]float64   // stretch factor in the latest log line
	catchUp  map[*traffic]time.Time // intervals became shorter: when the last key that waited for the old one is due

	mu         sync.Mutex
	current    plan
	assetPages int  // that the latest listing of stream assets took; 0 if none is made
	searchedV3 bool // v3 lists the connections
	// Pages of the latest listing of all connections, 0 if none is made.
	listingPages int
	// Ports of the account that other shards poll, by the latest listing; nil before the first.
	elsewhere    map[string]bool
	enabled      map[string]bool // by the latest listing of streams; nil if there is none
	productCount int             // products that list prices are asked for
	// How long the latest search and listing took: they are not done more often.
	searchTook, listingTook time.Duration
	unlisted                bool // the API refuses the listing of ports, so it names none
}

func newAccount(cfg Config, index int, store *fleet.Store, conflicts *conflicts, metrics *Metrics, log *pollLog) *account {
	a := &account{
		Account: cfg.Accounts[index], cfg: cfg, index: index, store: store, conflicts: conflicts, metrics: metrics, log: log,
		prices: map[string]priceAnswer{}, missingPairPorts: map[string]bool{}, logged: map[*traffic]float64{}, catchUp: map[*traffic]time.Time{}, begun: make(chan struct{}), hasListed: make(chan struct{}),
	}
	a.endListing = sync.OnceFunc(func() { close(a.hasListed) })
	state := store.Load().Accounts[index]
	a.ports = a.newTraffic(portKind, a.Sources, state.Source)
	a.kinds = []*traffic{a.ports}
	if a.Connections != nil {
		a.connections = a.newTraffic(connectionKind, ConnectionSources(a.Sources), state.ConnectionSource)
		a.kinds = append(a.kinds, a.connections)
	}
	a.chores = newLap(4)
	a.chores.poll = a.surviving(fabric.ChoresTurn, a.chore)
	a.chores.next, a.chores.keep = a.nextChore, func(key) bool { return true }
	a.replan()

	// The filters of discovery and of connections may have changed with the configuration:
	// then the latest listing or search has to be done again.
	now, listed, counted := time.Now(), state.InventoryPoll.Last, time.Time{}
	for _, p := range store.Load().PortsOf(a.Name) {
		if !p.Listed {
			listed = time.Time{}
		}
		if p.ConnectionsPoll.Last.After(counted) {
			counted = p.ConnectionsPoll.Last
		}
	}
	unsearched := func(p *fleet.Port) bool { return !p.ConnectionsPoll.OK }
	if a.Discover != nil || !cfg.Shard.Whole() || !state.InventoryPoll.OK {
		listed = time.Time{}
	}
	if a.Connections != nil || slices.ContainsFunc(store.Load().PortsOf(a.Name), unsearched) {
		counted = time.Time{}
	}
	a.chores.add(choreInventory, firstDue(now, a.plan().inventory, listed, a.Name, choreInventory.uuid))
	// An account that takes its ports from the listing starts when that has ended.
	if a.Discover == nil && cfg.Shard.Whole() || state.InventoryPoll.Tried() {
		a.start(counted)
	}
	return a
}

// start begins with all that follows the first listing, once; counted is when the
// connections were last searched with success.
func (a *account) start(counted time.Time) {
	a.beginOnce.Do(func() {
		now, p := time.Now(), a.plan()
		a.chores.add(choreSearch, firstDue(now, p.search, counted, a.Name, choreSearch.uuid))
		a.chores.add(choreStreams, now)
		if a.Prices > 0 {
			a.chores.add(chorePrices, now)
		}
		a.chores.add(choreSummary, nextPlace(now, p.ports.windows[0], a.Name, choreSummary.uuid))
		for _, t := range a.kinds {
			a.schedule(t)
		}
		close(a.begun)
	})
}

// newTraffic begins with the source in use, or looks for one.
func (a *account) newTraffic(of *kind, sources []string, inUse string) *traffic {
	t := &traffic{kind: of, sources: sources, source: sources[0], silent: map[string]bool{}, seen: map[key]*fleet.Seen{}, lap: newLap(a.cfg.Concurrency)}
	if slices.Contains(sources, inUse) {
		t.source, t.known = inUse, true
	}
	t.lap.before = func(ctx context.Context) bool {
		ctx, _ = fabric.InTurn(ctx, of.turn)
		return a.probe(ctx, t)
	}
	t.lap.poll = a.surviving(of.turn, func(ctx context.Context, k key) bool {
		if t.idle() {
			return true
		}
		source, _ := t.current()
		err := a.pollTraffic(ctx, t, k, source, false)
		if fabric.Gone(err) && a.probeDue(t) {
			t.lap.hurry(func(key) bool { return true }) // look for another source at once
		}
		return err == nil
	})
	t.lap.after = func() { a.replanIfPaceChanged(t) }
	t.lap.next = func(k key, now time.Time) time.Time {
		return nextPlace(now, a.interval(t, k.window), k.uuid, a.cfg.Windows[k.window].Label())
	}
	t.lap.keep = func(k key) bool { return a.keeps(t, k) }
	return t
}

// interval is how often a window is polled.
func (a *account) interval(t *traffic, window int) time.Duration {
	p := a.plan()
	return p.of(t).windows[window]
}

// run polls until ctx is done.
func (a *account) run(ctx context.Context) error {
	var laps errgroup.Group
	laps.Go(func() error { a.chores.run(ctx); return nil })
	for _, t := range a.kinds {
		laps.Go(func() error {
			select {
			case <-a.begun:
			case <-ctx.Done():
			}
			t.lap.run(ctx)
			return nil
		})
	}
	return laps.Wait()
}

// alive returns an error when a lap hands out no work.
func (a *account) alive(now time.Time) error {
	err := a.chores.alive(now)
	for _, t := range a.kinds {
		err = errors.Join(err, t.lap.alive(now))
	}
	return err
}

// surviving is a poll for a lap, in the turn of its requests. It survives a panic: one port
// must not end the polling of all.
func (a *account) surviving(turn fabric.Turn, poll func(ctx context.Context, k key) bool) func(context.Context, key) (time.Duration, bool) {
	return func(ctx context.Context, k key) (took time.Duration, ok bool) {
		defer func() {
			if r := recover(); r != nil {
				a.log.Error("poll panicked; please report this", "task", k.uuid, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			}
		}()
		start := time.Now()
		ctx, waited := fabric.InTurn(ctx, turn)
		ok = poll(ctx, k)
		return time.Since(start) - waited(), ok
	}
}

// chore does one of the chores.
func (a *account) chore(ctx context.Context, k key) bool {
	switch k {
	case choreInventory:
		a.pollInventory(ctx)
	case choreSearch:
		a.pollConnections(ctx)
		a.chores.hurry(func(k key) bool { return k == chorePrices }) // a new connection does not wait for its price
	case choreStreams:
		a.pollStreams(ctx)
	case chorePrices:
		a.pollPrices(ctx)
	case choreSummary:
		a.log.summarize()
		a.replan()
	}
	return true
}

// firstListing is how soon a listing is tried again that has never come through: ports go
// by their UUIDs until then.
const firstListing = time.Minute

// nextChore is when to do a chore again.
func (a *account) nextChore(k key, now time.Time) time.Time {
	p := a.plan()
	interval := p.inventory
	switch {
	case k == choreInventory && a.listAgain:
		return now.Add(firstListing)
	case k == choreSearch, k == chorePrices: // products come and go with the connections
		interval = p.search
	case k == choreSummary:
		interval = p.ports.windows[0]
	}
	return nextPlace(now, interval, a.Name, k.uuid)
}

// recordCall writes to the account how its latest data call ended. Something of the answer
// was taken if partly, in spite of err.
func (a *account) recordCall(e *fleet.Edit, now time.Time, err error, partly bool) {
	state := e.Account(a.Name)
	state.LastError = ""
	if err != nil {
		state.LastError = err.Error()
	}
	if err == nil || partly {
		state.LastData = now
	}
	takeLogin(state, a.Login())
}

// takeLogin writes the state of a login to its account.
func takeLogin(a *fleet.Account, login fabric.TokenStatus) {
	a.LoginHeld, a.TokenExpiry, a.LoginError = login.Held, login.Expiry, ""
	if login.Err != nil {
		a.LoginError = login.Err.Error()
	}
}
