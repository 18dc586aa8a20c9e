package soak_test

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// mishap is something that goes wrong with an estate for a while.
type mishap struct {
	name string
	ends time.Time
	undo func()
}

// kind is a kind of mishap. Its faults break an answer in a way that shows, or
// leave what it says true: the others have tests of their own.
type kind struct {
	name  string
	fault func(r *rand.Rand) fabrictest.Fault
	ops   []string // "" is all of them
	most  time.Duration
}

var (
	anything = []string{
		"", fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4, fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics,
		fabrictest.OpPorts, fabrictest.OpSearchConnections, fabrictest.OpSearchStreamAssets, fabrictest.OpToken,
	}
	data     = anything[1:8]
	listings = []string{fabrictest.OpSearchConnections}
	traffic  = []string{fabrictest.OpPortStatsV3, fabrictest.OpPortStatsV4, fabrictest.OpConnectionStatsV4, fabrictest.OpSearchMetrics}
)

var kinds = []kind{
	{"server error", func(r *rand.Rand) fabrictest.Fault {
		return fabrictest.Fault{Status: []int{500, 502, 503, 504}[r.IntN(4)], Body: `{"error":"` + spoiled + `"}`}
	}, anything, 20 * time.Minute},
	{"rate limit", func(r *rand.Rand) fabrictest.Fault {
		after := http.Header{"Retry-After": {strconv.Itoa(1 + r.IntN(30))}}
		return fabrictest.Fault{Status: 429, Header: after, Times: 1 + r.IntN(5), Body: spoiled}
	}, data, 5 * time.Minute},
	{"quota violation", func(r *rand.Rand) fabrictest.Fault {
		return fabrictest.Fault{Status: 500, Times: 1 + r.IntN(3), Body: `{"fault":{"faultstring":"` + spoiled + `","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}`}
	}, data, 5 * time.Minute},
	{"forbidden", func(*rand.Rand) fabrictest.Fault {
		return fabrictest.Fault{Status: 403, Body: `[{"errorCode":"` + spoiled + `"}]`}
	}, traffic, 20 * time.Minute},
	{"connection dropped", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Drop: true} }, anything, 10 * time.Minute},
	{"answer cut off", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Truncate: true} }, anything, 10 * time.Minute},
	{"slow answer", func(r *rand.Rand) fabrictest.Fault {
		return fabrictest.Fault{Delay: time.Duration(1+r.IntN(20)) * time.Second}
	}, anything, 15 * time.Minute},
	{"no answer", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Delay: time.Hour} }, anything, 10 * time.Minute},
	{"page of HTML", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Body: "<html>" + spoiled + "</html>"} }, data, 15 * time.Minute},
	{"wrong types", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Body: `["` + spoiled + `"]`} }, data, 15 * time.Minute},
	{"no intervals", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{EmptyPoints: true} }, traffic, 25 * time.Minute},
	{"intervals out of order", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Shuffle: true} }, traffic, 20 * time.Minute},
	{"page repeats", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{RepeatPages: true} }, listings, 10 * time.Minute},
	{"total is wrong", func(r *rand.Rand) fabrictest.Fault { return fabrictest.Fault{TotalDelta: 1 + r.IntN(5)} }, listings, 10 * time.Minute},
	{"outage", func(*rand.Rand) fabrictest.Fault { return fabrictest.Fault{Status: 503, Body: spoiled} }, anything[:1], 4 * time.Hour},
}

// befall lets one mishap befall an estate, and returns its kind.
func (e *estate) befall(r *rand.Rand, now time.Time) string {
	if r.IntN(8) == 0 {
		e.api.ExpireTokens()
		e.unrest(now.Add(time.Minute))
		return "tokens expired"
	}
	k := kinds[r.IntN(len(kinds))]
	f := k.fault(r)
	f.Op = k.ops[r.IntN(len(k.ops))]
	if len(k.ops) == len(traffic) && r.IntN(2) == 0 {
		f.UUID = e.anyPort(r).UUID
	}
	m := &mishap{name: k.name, ends: now.Add(time.Minute + time.Duration(r.Int64N(int64(k.most)))), undo: e.api.Inject(f)}
	e.mishaps = append(e.mishaps, m)
	e.unrest(m.ends)
	return m.name
}

// unrest says that something is broken until then.
func (e *estate) unrest(until time.Time) {
	if until.After(e.calm) {
		e.calm = until
	}
}

// mend ends the mishaps whose time is over; all of them where now is zero.
func (e *estate) mend(now time.Time) {
	kept := e.mishaps[:0]
	for _, m := range e.mishaps {
		if now.IsZero() || !m.ends.After(now) {
			m.undo()
			continue
		}
		kept = append(kept, m)
	}
	e.mishaps = kept
}
