package fabrictest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Switch is the wish for a fault of the catalogue.
type Switch struct {
	Fault string        // the name of a [Kind]
	Path  string        // of the requests to hit, as in [Fault]; "" spares logins
	Port  string        // only requests about this port, by UUID or name; of port faults, which one; "" is any
	For   time.Duration // until it ends by itself; 0 does not
	Count int           // how many requests it hits; 0 is all
	After int           // how many requests pass before
	By    time.Duration // how far or how long, where the Kind says so; 0 is what that has

	port Port // of port faults
}

// Switched is a fault that is on.
type Switched struct {
	ID     int
	Switch Switch
	Until  time.Time // zero for no end
	Hits   int       // requests that it has hit
	// Altered says of a fault that rewrites answers whether it has made one of
	// them say something else.
	Altered bool
}

// switches are the faults that are on. A fault whose requests are used up stays
// among them.
type switches struct {
	mu   sync.Mutex
	last int // ID
	on   []*switched

	clock bool // is not right because of one
}

type switched struct {
	Switched

	kind  Kind
	fault *activeFault
}

// SwitchOn begins a fault of the catalogue. The error says what is wrong with s.
func (a *API) SwitchOn(s Switch) (id int, err error) {
	kind, ok := kindNamed(s.Fault)
	if !ok {
		return 0, fmt.Errorf("no fault is called %q; GET /control/faults has the names", s.Fault)
	}
	if err := kind.takes(s); err != nil {
		return 0, err
	}
	s.By = cmp.Or(s.By, kind.By)
	if s.port, ok = a.portCalled(s.Port); !ok {
		return 0, fmt.Errorf("no port is called %q", s.Port)
	}
	a.switches.mu.Lock()
	defer a.switches.mu.Unlock()
	f := kind.fault(a, s)
	f.Path, f.After, f.Times = s.Path, s.After, cmp.Or(s.Count, f.Times)
	f.Data = f.Op == "" && s.Path == ""
	if s.Port != "" && f.Do == nil {
		f.UUID = s.port.UUID
	}
	a.switches.last++
	on := &switched{Switched: Switched{ID: a.switches.last, Switch: s}, kind: kind, fault: a.faults.add(f)}
	if s.For > 0 {
		on.Until = a.opts.Now().Add(s.For)
	}
	a.switches.on = append(a.switches.on, on)
	a.setClock()
	return on.ID, nil
}

// portCalled is the port of that UUID or name; the first own one for "".
func (a *API) portCalled(name string) (Port, bool) {
	for _, p := range a.roster.Load().fleet.Ports {
		if p.UUID == name || p.Name == name || name == "" && !p.Foreign {
			return p.clone(), true
		}
	}
	return Port{}, false
}

// SwitchOff ends the fault with that ID, or all of them for 0, and reports
// whether there was one.
func (a *API) SwitchOff(id int) bool {
	return a.switchOff(func(s *switched) bool { return id == 0 || s.ID == id })
}

// lapse ends what has come to its end.
func (a *API) lapse() {
	now := a.opts.Now()
	a.switchOff(func(s *switched) bool { return !s.Until.IsZero() && !now.Before(s.Until) })
}

func (a *API) switchOff(which func(*switched) bool) bool {
	a.switches.mu.Lock()
	defer a.switches.mu.Unlock()
	before := len(a.switches.on)
	a.switches.on = slices.DeleteFunc(a.switches.on, func(s *switched) bool {
		if !which(s) {
			return false
		}
		a.faults.remove(s.fault)
		if s.kind.end != nil {
			s.kind.end(a, s.Switch)
		}
		return true
	})
	if len(a.switches.on) == before {
		return false
	}
	a.setClock()
	return true
}

// setClock sets the clock as the latest fault of it that is on wants it, right
// where there is none. Where none ever was, the clock is left as it is. It is called
// with the mutex of the switches held.
func (a *API) setClock() {
	for _, s := range slices.Backward(a.switches.on) {
		if s.kind.clock != 0 {
			a.switches.clock = true
			a.ShiftClock(time.Duration(s.kind.clock) * s.Switch.By)
			return
		}
	}
	if a.switches.clock {
		a.switches.clock = false
		a.ShiftClock(0)
	}
}

// SwitchedOn lists the faults that are on, the oldest first.
func (a *API) SwitchedOn() []Switched {
	a.lapse()
	a.switches.mu.Lock()
	defer a.switches.mu.Unlock()
	all := make([]Switched, len(a.switches.on))
	for i, s := range a.switches.on {
		all[i] = s.Switched
		all[i].Hits, all[i].Altered = a.faults.hits(s.fault), s.fault.altered.Load()
	}
	return all
}
