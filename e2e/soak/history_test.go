package soak_test

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/receiver"
	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// hoursLate is how much older than other intervals those of an hour are when they come: they
// are polled once an hour, when they are an hour old.
const hoursLate = 2 * time.Hour

// truce is how often everything is well for long enough that every point must have
// arrived at the receiver of remote write.
const truce = 8 * time.Hour

// late is how old a point may be that the exporter does not know yet.
const late = 20 * time.Minute

// remoteEnd is the receiver of remote write, with the trouble that it is in.
type remoteEnd struct {
	*receiver.Receiver

	mends  time.Time
	proven time.Time // points up to then have been compared
}

var troubles = map[string]func(r *rand.Rand) receiver.Trouble{
	"refuses": func(*rand.Rand) receiver.Trouble { return receiver.Trouble{Refused: true} },
	"is slow": func(r *rand.Rand) receiver.Trouble { return receiver.Trouble{Delay: upTo(r, time.Minute)} },
	"is busy": func(r *rand.Rand) receiver.Trouble {
		return receiver.Trouble{Status: 429, RetryAfter: upTo(r, 20*time.Minute)}
	},
	"fails":       func(r *rand.Rand) receiver.Trouble { return receiver.Trouble{Status: 500 + r.IntN(5)} },
	"cut request": func(*rand.Rand) receiver.Trouble { return receiver.Trouble{CutRequest: true} },
	"cut answer":  func(*rand.Rand) receiver.Trouble { return receiver.Trouble{CutAnswer: true} },
	"no answer":   func(*rand.Rand) receiver.Trouble { return receiver.Trouble{NoAnswer: true} },
}

func upTo(r *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(most)))
}

// befall lets one trouble befall the receiver, and returns its name.
func (h *remoteEnd) befall(r *rand.Rand, now time.Time) string {
	names := slices.Sorted(maps.Keys(troubles))
	name := names[r.IntN(len(names))]
	h.mends = now.Add(time.Minute + upTo(r, 2*time.Hour))
	h.Trouble(troubles[name](r))
	return name
}

// mend ends the trouble if its time is over; in any case where now is zero.
func (h *remoteEnd) mend(now time.Time) {
	if now.IsZero() || !h.mends.After(now) {
		h.Trouble(receiver.Trouble{})
	}
}

// calmDown ends all mishaps and lets time enough pass that nothing of them may be left.
func (s *soak) calmDown() {
	s.t.Helper()
	s.receiver.mend(time.Time{})
	for _, e := range s.estates {
		e.mend(time.Time{})
		e.calm = time.Now()
	}
	for range 20 {
		time.Sleep(4 * time.Minute)
	}
	synctest.Wait()
}

// proveHistory compares what the receiver has of the time since it was called before: each
// interval once, at its time, with a value that the API gave for it at some time.
func (s *soak) proveHistory() {
	s.t.Helper()
	now := time.Now()
	from, to := s.receiver.proven, now.Add(-late)
	got := fold(s.receiver.Points(s.t, from.Add(time.Millisecond-hoursLate), to))
	for _, e := range s.estates {
		e.compareHistory(s, got, from, to, now)
		e.proven = now
	}
	for key := range got {
		s.fault("the receiver has %s, which no port or connection ever had", key)
	}
	s.receiver.proven = to
}

// nameLabel is the name in a series; a port may have had several.
var nameLabel = regexp.MustCompile(`(?:port|connection)_name="((?:[^"\\]|\\.)*)", `)

// folded are points by time, with the names that they came under.
type folded map[int64][]named

type named struct {
	name string
	v    float64
}

// fold adds up the points of a port or connection under all its names.
func fold(points receiver.Points) map[string]folded {
	all := map[string]folded{}
	for series, list := range points {
		name := nameLabel.FindStringSubmatch(series)
		key := nameLabel.ReplaceAllString(series, "")
		if all[key] == nil {
			all[key] = folded{}
		}
		for _, p := range list {
			all[key][p.Ms] = append(all[key][p.Ms], named{name[1], p.V})
		}
	}
	return all
}

// compareHistory compares the points of an estate and takes them out of got.
func (e *estate) compareHistory(s *soak, got map[string]folded, from, to, now time.Time) {
	s.t.Helper()
	var since []*world // those that the exporter may have seen since from
	for i := range e.worlds {
		if i+1 == len(e.worlds) || e.worlds[i+1].since.After(from.Add(-hoursLate-late)) {
			since = append(since, &e.worlds[i])
		}
	}
	names, steady := e.names, map[string]int{}
	oldest := since[0]
	for _, w := range since {
		for uuid, p := range w.ports {
			steady[uuid] += int(one(p.State == oldest.ports[uuid].State))
		}
		for uuid, c := range w.conns {
			was := oldest.conns[uuid]
			steady[uuid] += int(one(c.State == was.State && c.EquinixStatus == was.EquinixStatus))
		}
	}
	newest := e.truth(since[len(since)-1], nil, from.Add(-hoursLate), to, now)
	for key, points := range newest {
		if steady[uuidPattern.FindString(key)] < len(since) {
			continue // not there all the time
		}
		first, last := from, to
		if strings.Contains(key, `resolution="1h"`) {
			first, last = from.Add(-hoursLate), to.Add(-hoursLate)
		}
		if first.Before(s.began) {
			first = s.began
		}
		for ms, want := range points {
			if at := time.UnixMilli(ms); !at.After(first) || at.After(last) {
				continue
			}
			if len(got[key][ms]) == 0 {
				s.fault("the receiver has no point of %s at %v, want %v", key, time.UnixMilli(ms).UTC(), want[0].v)
			}
			s.points++
		}
	}
	doubtful := map[string]bool{}
	for key, points := range got {
		uuid := uuidPattern.FindString(key)
		if names[uuid] == nil {
			continue // of another estate
		}
		for ms, list := range points {
			for i, p := range list {
				if !names[uuid][p.name] || i > 0 && p.name == list[0].name {
					s.fault("%s at %v came under the name %q", key, time.UnixMilli(ms).UTC(), p.name)
				}
			}
			if points[ms] = unlike(list, newest[key][ms]); len(points[ms]) == 0 {
				delete(points, ms)
			}
		}
		if len(points) > 0 {
			doubtful[uuid] = true
		} else {
			delete(got, key)
		}
	}
	for _, w := range slices.Backward(since) { // what changes in size has another past
		if len(doubtful) == 0 {
			break
		}
		old := e.truth(w, doubtful, from.Add(-hoursLate), to, now)
		for key, points := range got {
			for ms, list := range points {
				if points[ms] = unlike(list, old[key][ms]); len(points[ms]) == 0 {
					delete(points, ms)
				}
			}
			if len(points) == 0 {
				delete(got, key)
			}
		}
	}
	for key, points := range got {
		if names[uuidPattern.FindString(key)] == nil {
			continue
		}
		for ms, list := range points {
			s.fault("the receiver has %v at %v for %s, want %v", list, time.UnixMilli(ms).UTC(), key, newest[key][ms])
		}
		delete(got, key)
	}
}

// note remembers a name of a port or connection: an old one is used until the next listing.
func (e *estate) note(uuid, name string) {
	if e.names[uuid] == nil {
		e.names[uuid] = map[string]bool{}
	}
	e.names[uuid][labelValue(name)] = true
}

// labelValue is a value as it stands in a series, without the quotes.
func labelValue(v string) string {
	text := labels.FromStrings("l", v).String()
	return text[len(`{l="`) : len(text)-len(`"}`)]
}

// unlike are the points of a list whose value is not wanted.
func unlike(list, want []named) []named {
	return slices.DeleteFunc(list, func(p named) bool {
		return slices.ContainsFunc(want, func(w named) bool { return w.v == p.v })
	})
}

// truth is what an estate gave in one of its states.
func (e *estate) truth(w *world, only map[string]bool, from, to, now time.Time) map[string]folded {
	t := receiver.Truth{API: w.api, Source: e.source, Sides: map[string]string{}, Only: only}
	if e.connections {
		for uuid := range w.conns {
			t.Sides[uuid] = fabrictest.ASide
		}
	}
	all := map[string]folded{}
	for _, win := range windows {
		maps.Copy(all, fold(t.Between(from, to, now, win.resolution)))
	}
	return all
}
