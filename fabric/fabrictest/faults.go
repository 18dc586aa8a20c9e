package fabrictest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// faults are the faults in force, oldest first.
type faults struct {
	mu     sync.Mutex
	active []*activeFault
	gone   []string // operations
}

// SetGone makes the operations answer as if the gateway had never heard of them,
// whatever the token, and brings all others back. A [Fault] comes first.
func (a *API) SetGone(ops ...string) {
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	a.faults.gone = slices.Clone(ops)
}

func (fs *faults) isGone(op string) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Contains(fs.gone, op)
}

// activeFault is a fault in force. The mutex of the faults guards it.
type activeFault struct {
	Fault

	pass int // requests that it will still let pass
	left int // requests that it will still hit; negative for no end
	hits int
}

func (fs *faults) add(f Fault) *activeFault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.altered = new(atomic.Bool)
	af := &activeFault{Fault: f, pass: f.After, left: f.Times}
	if f.Times == 0 {
		af.left = -1
	}
	fs.active = append(fs.active, af)
	return af
}

func (fs *faults) remove(af *activeFault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.active = slices.DeleteFunc(fs.active, func(other *activeFault) bool { return other == af })
}

func (fs *faults) hits(af *activeFault) int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return af.hits
}

// take returns the fault that a request meets, and uses it up; the zero Fault
// for none.
func (fs *faults) take(rt route, c *call) Fault {
	return fs.first(func(f *Fault) bool {
		return f.Unreachable == nil && (f.Op == "" || f.Op == rt.op) && (f.UUID == "" || c.about(rt.op, f.UUID)) &&
			(!f.Data || !rt.open) && glob(f.Path, c.http.URL.Path)
	})
}

// about reports whether a request is about an asset, which a search for metrics
// names in its body.
func (c *call) about(op, uuid string) bool {
	return c.uuid == uuid || op == OpSearchMetrics && bytes.Contains(c.body, []byte(uuid))
}

// unreachable is what keeps a request from reaching the API, nil for nothing.
func (fs *faults) unreachable(r *http.Request) error {
	return fs.first(func(f *Fault) bool { return f.Unreachable != nil && glob(f.Path, r.URL.Path) }).Unreachable
}

func (fs *faults) first(matches func(*Fault) bool) Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, af := range fs.active {
		if !matches(&af.Fault) {
			continue
		}
		if af.pass > 0 {
			af.pass--
			continue
		}
		af.hits++
		if af.left > 0 {
			af.left--
		}
		if af.left == 0 {
			fs.active = slices.Delete(fs.active, i, i+1)
		}
		return af.Fault
	}
	return Fault{}
}

// glob reports whether a path fits a pattern, in which * stands for anything.
func glob(pattern, path string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	switch {
	case pattern == "":
		return true
	case !wild:
		return path == pattern
	case !strings.HasPrefix(path, head):
		return false
	}
	for path = path[len(head):]; ; path = path[1:] {
		if rest == "" || glob(rest, path) {
			return true
		}
		if path == "" {
			return false
		}
	}
}
