package poll

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// account polls the ports of one set of credentials.
type account struct {
	Account

	cfg     Config
	index   int // in the snapshot
	rec     *recorder
	queue   *queue
	journal *journal
	metrics *Metrics
	log     *slog.Logger

	portTraffic       *measured
	connectionTraffic *measured // nil where no connection is wanted

	connections, attachments *task

	// Of the inventory task alone.
	listedV4     bool            // v4 has listed the ports
	goneV4       int             // listings in a row that found no v4
	emptied      bool            // the latest listing that came through had lost every port
	halved       map[string]bool // ports of configured pairs that were said not to be watched
	firstListing bool            // there was none yet, and it is worth to try again soon

	// Of the connections task alone.
	overMax   int       // how many were selected when it was said
	restarted time.Time // when the search for a source began anew

	planning sync.Mutex // held while a plan is made and published, before mu and the recorder's

	mu         sync.Mutex
	plan       plan
	assetPages int             // that the latest listing of stream assets took; 0 while there is none to make
	watched    map[watch]bool  // the traffic tasks that exist
	lost       map[string]bool // ports that an earlier account has, once said

	marks map[watch]map[oddity]mark // of the intervals that were counted
}

// watch is what a traffic task is about.
type watch struct {
	uuid   string
	window int
}

func newAccount(cfg Config, a Account, index int, rec *recorder, metrics *Metrics, log *slog.Logger) *account {
	state := &rec.store.Load().Accounts[index]
	p := &account{
		Account: a, cfg: cfg, index: index, rec: rec, metrics: metrics, log: log,
		queue:       newQueue(),
		journal:     newJournal(log),
		portTraffic: newMeasured("ports", a.Sources, state, func(a *fleet.Account) *string { return &a.Source }),
		watched:     map[watch]bool{}, lost: map[string]bool{}, halved: map[string]bool{}, marks: map[watch]map[oddity]mark{},
	}
	if a.Connections != nil {
		p.connectionTraffic = newMeasured("connections", ConnectionSources(a.Sources), state,
			func(a *fleet.Account) *string { return &a.ConnectionSource })
	}
	p.replan(notLooked)
	p.schedule()
	return p
}

// run works on the queue until ctx is done. It returns nil then.
func (a *account) run(ctx context.Context) error {
	defer a.queue.end()
	var workers errgroup.Group
	// The client bounds the calls that are open at a time. More workers than
	// that keep its slots busy while some wait for a retry.
	workers.SetLimit(workersPerCall * a.cfg.Concurrency)
	for {
		t := a.queue.take(ctx)
		if t == nil {
			return workers.Wait()
		}
		workers.Go(func() error {
			if t.keep != nil && !t.keep() {
				a.queue.forget()
				return nil
			}
			a.runTask(ctx, t)
			now := time.Now()
			a.queue.done(t, t.next(now))
			return nil
		})
	}
}

const workersPerCall = 2

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
	// The filters of discovery may have changed with the configuration.
	listed = listed && a.Discover == nil && a.cfg.Shard.Whole() && state.InventoryPoll.OK
	counted = counted && a.Connections == nil // and so may these
	inventory := &task{name: "inventory", run: a.pollInventory}
	a.enqueue(now, inventory, slotOf(a.Name, "inventory"),
		func(p plan) time.Duration { return p.inventory }, pick(listed, state.InventoryPoll.Last))
	usual := inventory.next
	inventory.next = func(now time.Time) time.Time {
		if a.firstListing {
			return now.Add(hasty)
		}
		return usual(now)
	}
	a.connections = &task{name: "connections", run: a.pollConnections}
	a.enqueue(now, a.connections, slotOf(a.Name, "connections"),
		func(p plan) time.Duration { return p.search }, pick(counted, a.lastConnections()))
	a.attachments = &task{name: "attachments", run: a.pollAttachments}
	a.enqueue(now, a.attachments, slotOf(a.Name, "attachments"), func(p plan) time.Duration { return p.inventory }, time.Time{})
	a.watch(now)
	summary := &task{name: "summary", run: func(context.Context) {
		a.journal.sum()
		a.replan(a.queue.lateness(time.Now()))
	}}
	a.enqueue(now, summary, 0, func(p plan) time.Duration { return p.traffic }, now)
}

// watch adds the traffic tasks of the account's ports that have none yet, and
// reports whether there were any.
func (a *account) watch(now time.Time) (added bool) {
	own := a.ownPorts()
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.cfg.Windows {
		for _, port := range own {
			key := watch{port.UUID, w}
			if a.watched[key] {
				continue
			}
			a.watched[key], added = true, true
			t := &task{
				name: "traffic of " + port.UUID, group: &a.portTraffic.tasks,
				run:  func(ctx context.Context) { a.pollTraffic(ctx, port.UUID, w) },
				keep: func() bool { return a.keeps(key) },
			}
			a.enqueue(now, t, slotOf(port.UUID, a.cfg.Windows[w].Label()),
				func(p plan) time.Duration { return p.windows[w] }, pick(port.Polls[w].OK, port.Polls[w].Last))
		}
	}
	return added
}

// keeps reports whether the port is still the account's. If not, a new task is
// made should it come back.
func (a *account) keeps(key watch) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.rec.store.Load().Port(key.uuid); p != nil && p.Account == a.Name {
		return true
	}
	delete(a.watched, key)
	delete(a.marks, key)
	a.journal.forget(key.uuid)
	a.portTraffic.sources.forget(key.uuid)
	return false
}

// enqueue adds a task that keeps its slot in an interval of the plan: the next
// after it last ran, well, or now if that was longer ago than the interval. A
// reload thus neither repeats a poll nor leaves one out.
func (a *account) enqueue(now time.Time, t *task, s slot, interval func(plan) time.Duration, last time.Time) {
	t.next = func(now time.Time) time.Time { return s.after(now, interval(a.currentPlan())) }
	due := now
	if !last.IsZero() && fleet.Age(now, last) < interval(a.plan) {
		if next := s.after(last, interval(a.plan)); next.After(now) {
			// What comes from the state file has no monotonic clock: a wall clock that
			// is set back after a start would put the poll off for as long.
			due = now.Add(next.Sub(now))
		}
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
// through a connections search that succeeded.
func (a *account) settled() (listed, counted bool) {
	listed, counted = true, true
	for _, p := range a.ownPorts() {
		listed = listed && p.Listed
		counted = counted && p.ConnectionsPoll.OK
	}
	return listed, counted
}

// ownPorts are the account's ports as they stand in the snapshot.
func (a *account) ownPorts() []*fleet.Port { return ownedBy(a.Name, a.rec.store.Load()) }

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

// noteAnswer is noteCall for an answer of which, in spite of err, something was
// taken where partly.
func (a *account) noteAnswer(d *draft, now time.Time, err error, partly bool) {
	a.noteCall(d, now, err)
	if partly {
		d.account(a.index).LastData = now
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
	takeLogin(account, a.Login())
}

// takeLogin writes the state of a login to its account.
func takeLogin(a *fleet.Account, login fabric.TokenStatus) {
	a.LoginHeld, a.TokenExpiry, a.LoginError = login.Held, login.Expiry, ""
	if login.Err != nil {
		a.LoginError = login.Err.Error()
	}
}
