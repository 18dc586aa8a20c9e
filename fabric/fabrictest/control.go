package fabrictest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Switch is a request to switch on a fault of the catalogue.
type Switch struct {
	Fault string        // the name of a [Kind]
	Path  string        // of the requests to hit, as in [Fault]; "" hits all but logins
	Port  string        // only requests about this port, by UUID or name; for port faults, which port; "" is any
	For   time.Duration // until it ends by itself; 0 means never
	Count int           // how many requests it hits; 0 is all
	After int           // how many requests pass before the first hit
	By    time.Duration // how far or how long; 0 means Kind.By

	port Port // for port faults
}

// Switched is a fault that is on.
type Switched struct {
	ID     int
	Switch Switch
	Until  time.Time // zero for no end
	Hits   int       // requests that it has hit
	// Altered says, for a fault that rewrites answers, whether it has changed the
	// meaning of one.
	Altered bool
}

// The range of Switch.By.
const (
	shortest = time.Millisecond
	longest  = 30 * 24 * time.Hour
)

// SwitchOn begins a fault of the catalogue. The error says what is wrong with s; a
// field that would have no effect is refused.
func (a *API) SwitchOn(s Switch) (id int, err error) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Name == s.Fault })
	if i < 0 {
		return 0, fmt.Errorf("no fault is called %q; GET /control/faults has the names", s.Fault)
	}
	kind := all[i]
	switch {
	case s.For < 0 || s.Count < 0 || s.After < 0 || s.By < 0:
		err = errors.New("for, count, after and by must not be negative")
	case s.By != 0 && kind.By == 0:
		err = fmt.Errorf("%s takes no by", s.Fault)
	case s.By != 0 && (s.By < shortest || s.By > longest):
		err = fmt.Errorf("by must be between %v and %v, not %v", shortest, longest, s.By)
	case s.Port != "" && kind.scope != ofRequests:
		err = fmt.Errorf("%s takes no port: it does not concern a single port", s.Fault)
	case kind.scope == ofAll && (s.Path != "" || s.Count != 0 || s.After != 0):
		err = fmt.Errorf("%s takes no path, count or after: it begins at once, and concerns the whole API", s.Fault)
	}
	if err != nil {
		return 0, err
	}
	s.By = cmp.Or(s.By, kind.By)
	ports := a.state.Load().fleet.Ports
	i = slices.IndexFunc(ports, func(p Port) bool { return p.UUID == s.Port || p.Name == s.Port || s.Port == "" && !p.Foreign })
	if i >= 0 {
		s.port = ports[i].clone()
	} else if s.Port != "" {
		return 0, fmt.Errorf("no port is called %q", s.Port)
	}
	fs := &a.faults
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := kind.fault(a, s)
	f.Path, f.After, f.Times = s.Path, s.After, cmp.Or(s.Count, f.Times)
	f.Data = f.Op == "" && s.Path == ""
	if s.Port != "" && f.Do == nil {
		f.UUID = s.port.UUID
	}
	fs.lastID++
	af := fs.add(f)
	af.id, af.kind, af.asked = fs.lastID, kind, s
	if s.For > 0 {
		af.until = a.opts.Now().Add(s.For)
	}
	a.setClock()
	return af.id, nil
}

// SwitchOff ends the fault with that ID, or all that were switched on for 0, and
// reports whether there was one.
func (a *API) SwitchOff(id int) bool {
	return a.endFaults(func(af *activeFault) bool { return af.id > 0 && (id == 0 || af.id == id) })
}

// setClock sets the clock to the latest clock fault that is on, and corrects it when
// the last of them has ended. The caller holds the mutex of the faults.
func (a *API) setClock() {
	var shift time.Duration
	for _, af := range a.faults.active {
		if af.kind.clock != 0 {
			shift = time.Duration(af.kind.clock) * af.asked.By
		}
	}
	if shift != 0 || a.faults.clock { // else it stays as a test has set it
		a.ShiftClock(shift)
	}
	a.faults.clock = shift != 0
}

// SwitchedOn lists the faults that are on, the oldest first.
func (a *API) SwitchedOn() []Switched {
	a.endDue()
	a.faults.mu.Lock()
	defer a.faults.mu.Unlock()
	var all []Switched
	for _, af := range a.faults.active {
		if af.id > 0 {
			all = append(all, Switched{af.id, af.asked, af.until, af.hits, af.altered.Load()})
		}
	}
	return all
}

// showFaults answers GET /control/faults with the faults that are on and the
// catalogue.
func (a *API) showFaults(*call) reply {
	on, catalogue := []object{}, []object{}
	for _, f := range a.SwitchedOn() {
		until := any(omit)
		if !f.Until.IsZero() {
			until = f.Until
		}
		on = append(on, append(f.Switch.doc(f.ID), "until", until, "hits", f.Hits))
	}
	for _, k := range Catalogue() {
		catalogue = append(catalogue, object{"fault", k.Name, "does", k.Does, "by", orOmit(durationText(k.By))})
	}
	return jsonReply(object{"on", on, "catalogue", catalogue})
}

// postFault answers POST /control/faults, which switches a fault on.
func (a *API) postFault(c *call) reply {
	var q struct {
		Fault string `json:"fault"`
		Path  string `json:"path"`
		Port  string `json:"port"`
		For   string `json:"for"` // durations, such as 2m
		Count int    `json:"count"`
		After int    `json:"after"`
		By    string `json:"by"`

		ID, Until, Hits any // as GET shows them; ignored here
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	err := d.Decode(&q)
	if _, end := d.Token(); err == nil && !errors.Is(end, io.EOF) {
		err = errors.New("there is more after the JSON object: post one fault at a time")
	}
	s := Switch{Fault: q.Fault, Path: q.Path, Port: q.Port, Count: q.Count, After: q.After}
	if err == nil && q.For != "" {
		s.For, err = time.ParseDuration(q.For)
	}
	if err == nil && q.By != "" {
		s.By, err = time.ParseDuration(q.By)
	}
	id := 0
	if err == nil {
		id, err = a.SwitchOn(s)
	}
	if err != nil {
		return plainText(http.StatusBadRequest, err.Error())
	}
	return jsonReply(s.doc(id), http.StatusCreated)
}

// deleteFault answers DELETE /control/faults, which switches all off, and
// DELETE /control/faults/{id}, which switches off one.
func (a *API) deleteFault(c *call) reply {
	if c.id == "" {
		a.SwitchOff(0)
	} else if id, err := strconv.Atoi(c.id); err != nil || id == 0 || !a.SwitchOff(id) {
		return plainText(http.StatusNotFound, "no such fault is on")
	}
	return reply{status: http.StatusNoContent}
}

// doc is a switch as it is posted.
func (s Switch) doc(id int) object {
	number := func(n int) any {
		if n == 0 {
			return omit
		}
		return n
	}
	return object{
		"id", id, "fault", s.Fault, "path", orOmit(s.Path), "port", orOmit(s.Port), "for", orOmit(durationText(s.For)),
		"count", number(s.Count), "after", number(s.After), "by", orOmit(durationText(s.By)),
	}
}

// durationText is a duration as it is posted; "" for 0.
func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func plainText(status int, text string) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text + "\n")}
}
