package soak_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
)

// report writes what the soak has seen as a table.
func (s *soak) report(w io.Writer, took time.Duration) {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	row := func(name string, v any) { fmt.Fprintf(out, "%s\t%v\t\n", name, v) }
	ports, connections, calls := 0, 0, 0.0
	for _, e := range s.estates {
		f := e.api.Fleet()
		ports, connections = ports+len(f.Ports), connections+len(f.Connections)
		for _, n := range e.tap.calls {
			calls += n
		}
	}
	figures := 0
	for _, n := range s.compared {
		figures += n
	}
	row("time that passed", s.elapsed().Round(time.Minute))
	row("in", took.Round(time.Second))
	row("seed", *settings.seed)
	row("ports", ports)
	row("connections", connections)
	row("calls of the API", int(calls))
	row("scrapes", s.scrapes)
	row("numbers compared", figures)
	row("points at the receiver", s.points)
	row("wrong numbers", s.wrong)
	for _, name := range slices.Sorted(maps.Keys(s.happened)) {
		row(name, s.happened[name])
	}
	fmt.Fprintf(out, "\nafter\theap\tgoroutines\t\n")
	every := max(len(s.samples)/12, 1)
	for i, u := range s.samples {
		if i%every == 0 || i == len(s.samples)-1 {
			fmt.Fprintf(out, "%v\t%.1f MiB\t%d\t\n", u.at.Round(time.Minute), float64(u.heap)/(1<<20), u.goroutines)
		}
	}
	_ = out.Flush()
}

// checkGrowth fails the test where memory or goroutines have grown, or where a family
// has never been compared.
func (s *soak) checkGrowth() {
	s.t.Helper()
	for _, f := range collector.Families() {
		if name := f.Name[len(prefix):]; s.compared[name] == 0 {
			s.t.Errorf("%s was never compared", f.Name)
		}
	}
	third := len(s.samples) / 3
	if third < 3 {
		return // too few to tell growth from chance
	}
	heaps, goroutines := most(s.samples[third:2*third]), most(s.samples[2*third:])
	if early, late := heaps.heap, goroutines.heap; late > early+early/5+16<<20 {
		s.t.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	if early, late := heaps.goroutines, goroutines.goroutines; late > 2*early+50 {
		s.t.Errorf("goroutines grew from %d to %d", early, late)
	}
}

// most is the highest of each figure.
func most(samples []sample) sample {
	var m sample
	for _, s := range samples {
		m.heap, m.goroutines = max(m.heap, s.heap), max(m.goroutines, s.goroutines)
	}
	return m
}
