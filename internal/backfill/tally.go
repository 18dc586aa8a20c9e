package backfill

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// tally is what came of the requests for one port or connection.
type tally struct {
	Points         int
	Oldest, Newest time.Time
	Other          map[string]bool           // resolutions that were not asked for
	LeftOut        map[fleet.Implausible]int // implausible intervals
	Refused        []string                  // requests that the API refused; to repeat them is no use

	failed []string // requests that may succeed later
}

func newTally() tally {
	return tally{Other: map[string]bool{}, LeftOut: map[fleet.Implausible]int{}}
}

// add adds an answer.
func (t *tally) add(a *Answer, asked time.Duration) {
	if a.Err != nil {
		why := human.Printable(a.Err.Error())
		switch reason := fabric.Reason(a.Err); {
		case errors.Is(a.Err, poll.ErrNotPolled), reason == fabric.ReasonForbidden, reason == fabric.ReasonNotFound,
			reason == fabric.ReasonClient, reason == fabric.ReasonDecode:
			t.Refused = append(t.Refused, why)
		default:
			t.failed = append(t.failed, why)
		}
		return
	}
	for _, kind := range fleet.ImplausibleKinds() {
		if n := len(a.Rejected[kind]); n > 0 && kind != fleet.AboveLineRate { // those are not left out
			t.LeftOut[kind] += n
		}
	}
	for _, track := range a.Tracks {
		t.Points += len(track.Points)
		if first := track.Points[0].End; t.Oldest.IsZero() || first.Before(t.Oldest) {
			t.Oldest = first
		}
	}
	if n := a.Newest(); n.After(t.Newest) {
		t.Newest = n
	}
	if len(a.Tracks) > 0 && a.Resolution != asked {
		t.Other[model.Duration(a.Resolution).String()] = true
	}
}

// report says how much there is, and then what is special about which port or connection.
func report(w io.Writer, all []*subject, asked time.Duration, target string) {
	points, filled := 0, []*subject{}
	var oldest, newest time.Time
	for _, s := range all {
		if points += s.Points; s.Points == 0 {
			continue
		}
		filled = append(filled, s)
		if oldest.IsZero() || s.Oldest.Before(oldest) {
			oldest = s.Oldest
		}
		if s.Newest.After(newest) {
			newest = s.Newest
		}
	}
	if points == 0 {
		fmt.Fprintln(w, "no points")
	} else {
		fmt.Fprintf(w, "%d points of %s, from %s to %s, %s\n", points, countOf(filled), stamp(oldest), stamp(newest), target)
	}
	notes := map[string][]*subject{}
	for _, s := range all {
		for _, note := range s.notes(oldest, asked) {
			notes[note] = append(notes[note], s)
		}
	}
	for _, note := range slices.Sorted(maps.Keys(notes)) {
		var named []string
		for _, s := range notes[note] {
			named = append(named, human.Printable(s.Name))
		}
		slices.Sort(named)
		more := ""
		if n := len(named) - 10; n > 0 {
			named, more = named[:10], fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(w, "%s: %s%s\n", note, strings.Join(named, ", "), more)
	}
}

// notes are what differs from what was asked for, or from the others.
func (s *subject) notes(oldest time.Time, asked time.Duration) (notes []string) {
	switch {
	case s.Points == 0 && len(s.Refused)+len(s.failed) == 0:
		notes = append(notes, "no points at Equinix")
	case s.Points > 0 && s.Oldest.Sub(oldest) > time.Hour:
		notes = append(notes, "oldest point "+stamp(s.Oldest))
	}
	for _, r := range slices.Sorted(maps.Keys(s.Other)) {
		notes = append(notes, fmt.Sprintf("has intervals of %s instead of %s", r, model.Duration(asked)))
	}
	for _, kind := range fleet.ImplausibleKinds() {
		if n := s.LeftOut[kind]; n > 0 {
			notes = append(notes, fmt.Sprintf("left out as implausible (%s): %s", kind, human.Plural(n, "interval")))
		}
	}
	for what, errs := range map[string][]string{"refused": s.Refused, "failed": s.failed} {
		if len(errs) > 0 {
			notes = append(notes, fmt.Sprintf("%s %s: %s", human.Plural(len(errs), "request"), what, errs[0]))
		}
	}
	return notes
}

// refusals is an error that says what receivers did not take, nil if they took everything.
func refusals(refused map[string]map[string]int) error {
	var errs []error
	for _, receiver := range slices.Sorted(maps.Keys(refused)) {
		for _, why := range slices.Sorted(maps.Keys(refused[receiver])) {
			errs = append(errs, fmt.Errorf("receiver %s refused %s: %s", receiver, human.Plural(refused[receiver][why], "sample"), why))
		}
	}
	if errs == nil {
		return nil
	}
	return fmt.Errorf("%w; see the log. A receiver has to take samples as old as --from, for example with out_of_order_time_window: 91d in Prometheus", errors.Join(errs...))
}

// countOf is "3 ports and 1 connection".
func countOf(all []*subject) string {
	connections := 0
	for _, s := range all {
		if s.Connection {
			connections++
		}
	}
	text := human.Plural(len(all)-connections, "port")
	if connections > 0 {
		text += " and " + human.Plural(connections, "connection")
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
