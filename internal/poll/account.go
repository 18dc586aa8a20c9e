package poll

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// account polls the ports of one set of credentials.
type account struct {
	Account

	cfg     Config
	index   int // in the snapshot
	rec     *recorder
	queue   *queue
	sources *sources
	journal *journal
	log     *slog.Logger

	mu   sync.Mutex
	plan plan
}

func newAccount(cfg Config, a Account, index int, rec *recorder, log *slog.Logger) *account {
	inUse := rec.store.Load().Accounts[index].Source
	p := &account{
		Account: a, cfg: cfg, index: index, rec: rec, log: log,
		queue:   newQueue(),
		sources: newSources(a.Sources, inUse, len(a.Ports)),
		journal: newJournal(log),
	}
	p.replan(p.knownConnections())
	p.schedule()
	return p
}

// run works on the queue until ctx is done. It returns nil then.
func (a *account) run(ctx context.Context) error {
	defer a.queue.end()
	var workers errgroup.Group
	workers.SetLimit(a.cfg.Concurrency)
	for {
		t := a.queue.take(ctx)
		if t == nil {
			return workers.Wait()
		}
		workers.Go(func() error {
			a.runTask(ctx, t)
			now := time.Now()
			a.queue.done(t, t.next(now))
			return nil
		})
	}
}

// runTask runs t and survives it: one port must not end the polling of all.
func (a *account) runTask(ctx context.Context, t *task) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("poll panicked; please report this", "task", t.name, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	t.run(ctx)
}

// schedule fills the queue. What was never polled is due now, inventory and
// connections before traffic and the primary window before the others; the rest
// keeps its place in the interval.
func (a *account) schedule() {
	now := time.Now()
	state := a.rec.store.Load().Accounts[a.index]
	listed, counted := a.settled()
	a.enqueue(now, &task{name: "inventory", run: a.pollInventory}, slotOf(a.Name, "inventory"),
		func(p plan) time.Duration { return p.inventory }, pick(listed, state.InventoryPoll.Last))
	a.enqueue(now, &task{name: "connections", run: a.pollConnections}, slotOf(a.Name, "connections"),
		func(p plan) time.Duration { return p.connections }, pick(counted, a.lastConnections()))
	for w := range a.cfg.Windows {
		for _, port := range a.Ports {
			t := &task{
				name: "traffic of " + port.UUID, urgent: true,
				run: func(ctx context.Context) { a.pollTraffic(ctx, port.UUID, w) },
			}
			a.enqueue(now, t, slotOf(port.UUID, a.cfg.Windows[w].Label()),
				func(p plan) time.Duration { return p.windows[w] }, a.rec.lastPolled(port.UUID, w))
		}
	}
	summary := &task{name: "summary", run: func(context.Context) { a.journal.sum() }}
	a.enqueue(now, summary, 0, func(p plan) time.Duration { return p.traffic }, now)
}

// enqueue adds a task that keeps its slot in an interval of the plan. It is due
// now if it has not run within that interval.
func (a *account) enqueue(now time.Time, t *task, s slot, interval func(plan) time.Duration, last time.Time) {
	t.next = func(now time.Time) time.Time { return s.after(now, interval(a.currentPlan())) }
	due := now
	if !last.IsZero() && fleet.Age(now, last) < interval(a.currentPlan()) {
		due = t.next(now)
	}
	a.queue.add(t, due)
}

// pick is last where that counts, else never.
func pick(counts bool, last time.Time) time.Time {
	if counts {
		return last
	}
	return time.Time{}
}

// settled reports whether every port has been through an inventory attempt, and
// through a connections search.
func (a *account) settled() (listed, counted bool) {
	listed, counted = true, true
	for _, p := range a.ownPorts() {
		listed = listed && p.Listed
		counted = counted && p.ConnectionsPoll.Tried()
	}
	return listed, counted
}

// ownPorts are the account's ports as they stand in the snapshot.
func (a *account) ownPorts() []*fleet.Port {
	var own []*fleet.Port
	for _, p := range a.rec.store.Load().Ports {
		if p.Account == a.Name {
			own = append(own, p)
		}
	}
	return own
}

// lastConnections is when the connections were last searched.
func (a *account) lastConnections() time.Time {
	var last time.Time
	for _, p := range a.ownPorts() {
		if p.ConnectionsPoll.Last.After(last) {
			last = p.ConnectionsPoll.Last
		}
	}
	return last
}

// knownConnections is how many connections the ports had when last searched.
func (a *account) knownConnections() int {
	n := 0
	for _, p := range a.ownPorts() {
		if p.Connections != nil {
			n += p.Connections.Total()
		}
	}
	return n
}

func (a *account) currentPlan() plan {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.plan
}

// replan works out the effective intervals for that many connections.
func (a *account) replan(connections int) {
	next := newPlan(a.cfg, len(a.Ports), connections)
	a.mu.Lock()
	changed := a.plan.stretch != next.stretch
	a.plan = next
	a.mu.Unlock()
	a.rec.update(func(d *draft) { next.apply(d.account(a.index)) })
	if changed && next.stretch > 1 {
		a.log.Warn("the request budget is too small for the intervals; they are stretched, evenly for all ports",
			"calls_per_second_wanted", next.callsPerSecond, "requests_per_second", a.cfg.RequestsPerSecond,
			"traffic_interval", next.traffic, "remedy", "raise api.requests_per_second or poll.interval")
	}
}

// noteCall writes to the account how its latest data call ended.
func (a *account) noteCall(d *draft, now time.Time, err error) {
	account := d.account(a.index)
	account.LastError = ""
	if err != nil {
		account.LastError = err.Error()
	} else {
		account.LastData = now
	}
	login := a.Login()
	account.LoginHeld, account.TokenExpiry, account.LoginError = login.Held, login.Expiry, ""
	if login.Err != nil {
		account.LoginError = login.Err.Error()
	}
}
