package collector_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"

	"github.com/fabric-exporter/equinix_fabric_exporter/collector"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The text of a collector that has seen all updates is what promhttp makes of one that
// has seen only the latest snapshot.
func TestDoorsAgreeAfterRandomUpdates(t *testing.T) {
	for seed := range uint64(5) {
		script := make([]byte, 2000)
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		synctest.Test(t, func(t *testing.T) {
			if n := play(t, script); n < 100 {
				t.Errorf("seed %d: only %d updates", seed, n)
			}
		})
	}
}

func FuzzDoorsAgree(f *testing.F) {
	f.Add([]byte("the two doors of the house"))
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { play(t, script[:min(len(script), 100)]) })
	})
}

// play changes a fleet as the script says, compares the doors after each change, and
// returns how many there were.
func play(t *testing.T, script []byte) (changes int) {
	t.Helper()
	w := &world{script: script, snap: snapshot(time.Now())}
	c := collector.New(func() *fleet.Snapshot { return w.snap })
	for ; len(w.script) > 0 && !t.Failed(); changes++ {
		name := w.change()
		fresh := prometheus.NewPedanticRegistry()
		fresh.MustRegister(collector.New(func() *fleet.Snapshot { return w.snap }))
		for format, openMetrics := range map[expfmt.Format]bool{expfmt.FmtText: false, expfmt.FmtOpenMetrics_1_0_0: true} {
			want, got := string(scrape(t, fresh, string(format))), textOf(c, openMetrics)
			if want != got {
				t.Errorf("change %d, %s: %s (-registry +text)\n%s", changes, name, format, cmp.Diff(want, got))
			}
			if changes%4 == 0 {
				parse(t, got, string(format))
			}
		}
	}
	return changes
}

// Names that differ in a character below all others, or that have one of them more.
func TestNamesSortAsInTheRegistry(t *testing.T) {
	snap := snapshot(time.Now())
	whole := *snap.Ports[0]
	snap.Ports, snap.Pairs = nil, nil
	for i, name := range []string{"a\x01", "a", "a\x00\x01", "a!", `a"`, "a\x00", "a\x01\x00", `a\`, "a b", "a\n"} {
		p := whole
		p.UUID, p.ConfiguredName = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), name
		snap.Ports = append(snap.Ports, &p)
	}
	expose(t, snap) // which compares
}

// parse reads an exposition as Prometheus does.
func parse(t *testing.T, text, format string) {
	t.Helper()
	p, err := textparse.New([]byte(text), format, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]bool{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", format, err, text)
		}
		if entry == textparse.EntrySeries {
			var ls labels.Labels
			p.Labels(&ls)
			if series[ls.String()] {
				t.Errorf("%s is there twice", ls)
			}
			series[ls.String()] = true
		}
	}
}

// world is a fleet whose changes a script decides. Snapshots and what is in them do not
// change once they have been shown.
type world struct {
	script []byte
	snap   *fleet.Snapshot
}

// pick is the next number of the script, below n.
func (w *world) pick(n int) int {
	if len(w.script) == 0 {
		return 0
	}
	b := w.script[0]
	w.script = w.script[1:]
	return int(b) % n
}

// text is a label value. The names of subjects differ in their end alone.
func (w *world) text() string {
	return []string{"", "a", "a b", "a\x00", "a\x01", "a!", `a"`, `a\`, "a\nb", "é", "日本", "{}=,#", strings.Repeat("x", 300)}[w.pick(13)]
}

func (w *world) number() *float64 {
	edges := []float64{0, math.Copysign(0, -1), 1, 8, 0.1, -8, 1e20, 1e21, 1e22, 8e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, 12345678.9}
	switch i := w.pick(len(edges) + 2); i {
	case len(edges):
		return nil
	case len(edges) + 1:
		var bits [8]byte
		for j := range bits {
			bits[j] = byte(w.pick(256))
		}
		v := math.Float64frombits(binary.LittleEndian.Uint64(bits[:]))
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 1
		}
		return &v
	default:
		return &edges[i]
	}
}

// at is a time around the limits of what is fresh.
func (w *world) at() time.Time {
	ago := []time.Duration{0, time.Second, 10 * time.Minute, 25 * time.Minute, 50 * time.Minute, time.Hour, 75 * time.Minute, 5 * time.Hour, 48 * time.Hour}
	return time.Now().Add(-ago[w.pick(len(ago))]).Add(time.Duration(w.pick(3)-1) * time.Nanosecond)
}

func (w *world) change() string {
	next := new(*w.snap)
	next.Accounts, next.Ports = slices.Clone(next.Accounts), slices.Clone(next.Ports)
	next.Pairs, next.Connections = slices.Clone(next.Pairs), slices.Clone(next.Connections)
	defer func() { w.snap = next }()
	anyPort := func() *fleet.Port {
		i := w.pick(len(next.Ports))
		next.Ports[i] = new(*next.Ports[i])
		return next.Ports[i]
	}
	switch w.pick(14) {
	case 0, 1:
		d := []time.Duration{time.Nanosecond, time.Second, time.Minute, 5 * time.Minute, 25 * time.Minute, time.Hour}[w.pick(6)]
		time.Sleep(d)
		return fmt.Sprint("time passes: ", d)
	case 2:
		anyPort().ConfiguredName = w.text()
		return "a port is renamed"
	case 3:
		p := anyPort()
		p.Traffic = slices.Clone(p.Traffic)
		p.Traffic[w.pick(len(p.Traffic))] = w.traffic()
		return "traffic of a port"
	case 4:
		p := anyPort()
		p.Inventory = &fleet.Inventory{
			At: w.at(), State: w.text(), Status: []string{"UP", "DOWN", "PARTIAL", w.text()}[w.pick(4)], Maintenance: w.text(),
			Capacity: w.number(), Allocated: w.number(), Metro: w.text(), MetroName: w.text(), LAG: w.text(), Project: w.text(),
			Links: []fleet.Link{{Status: "UP", Speed: new(1e9)}, {Status: w.text(), Speed: new(1e9)}}[:w.pick(3)],
		}
		p.Linked = len(p.Inventory.Links) > 0
		return "inventory of a port"
	case 5:
		p := anyPort()
		p.Connections = &fleet.Connections{At: w.at(), States: w.states(), Equinix: w.states(), Provider: w.states(), Bandwidth: w.number()}
		p.Confirmed = w.pick(2) == 0
		return "connections of a port"
	case 6:
		p := anyPort()
		p.Listed, p.Configured = w.pick(4) > 0, w.pick(2) == 0
		return "a port is listed or not"
	case 7:
		p := *next.Ports[w.pick(len(next.Ports))]
		p.UUID = fmt.Sprintf("%08d-0000-4000-8000-000000000000", w.pick(6))
		i, found := slices.BinarySearchFunc(next.Ports, p.UUID, func(p *fleet.Port, uuid string) int { return strings.Compare(p.UUID, uuid) })
		if found {
			next.Ports = slices.Delete(next.Ports, i, i+1)
			return "a port is gone"
		}
		next.Ports = slices.Insert(next.Ports, i, &p)
		return "a port is new"
	case 8:
		pair := *snapshot(time.Now()).Pairs[0]
		pair.Name = []string{"", w.text() + " "}[w.pick(2)] + pair.Name
		pair.Traffic = slices.Clone(pair.Traffic)
		pair.Traffic[w.pick(2)] = fleet.PairTraffic{Inbound: w.pairRates(), Outbound: w.pairRates()}
		next.Pairs = []*fleet.Pair{&pair}
		return "a pair"
	case 9:
		if len(next.Connections) == 0 {
			next.Connections = snapshot(time.Now()).Connections
			return "connections are new"
		}
		i := w.pick(len(next.Connections))
		conn := *next.Connections[i]
		conn.APIName, conn.State, conn.Status, conn.Maintenance, conn.At = w.text(), w.text(), w.text(), w.text(), w.at()
		conn.ASide = fleet.End{Type: w.text(), Name: w.text(), VLAN: w.text()}
		conn.Traffic = slices.Clone(conn.Traffic)
		conn.Traffic[w.pick(len(conn.Traffic))] = w.traffic()
		next.Connections[i] = &conn
		return "a connection"
	case 10:
		next.Connections = nil
		return "connections are gone"
	case 11:
		a := &next.Accounts[0]
		a.Traffic, a.Inventory = time.Duration(1+w.pick(60))*time.Minute, time.Duration(1+w.pick(60))*time.Minute
		a.Windows = []time.Duration{a.Traffic, time.Duration(1+w.pick(3)) * time.Hour}
		a.Selected = []*int{nil, new(3)}[w.pick(2)]
		return "intervals of the account"
	case 12:
		if w.pick(4) == 0 {
			next.Accounts[0].Name = []string{"prod", "test"}[w.pick(2)]
		}
		return "the account is renamed, and nothing is shown until it is back"
	default:
		*next = *snapshot(time.Now())
		if w.pick(2) == 0 {
			next.Windows = slices.Clone(windows)
			next.Windows[1].Span = time.Duration(2+w.pick(5)) * 24 * time.Hour
		}
		return "all is new"
	}
}

func (w *world) traffic() *fleet.Traffic {
	if w.pick(8) == 0 {
		return nil
	}
	rates := func() fleet.Rates {
		r := fleet.Rates{Max: w.number(), Mean: w.number(), P95: w.number(), Last: w.number(), Newest: w.at(), Resolution: 5 * time.Minute}
		if w.pick(3) == 0 {
			r.At = w.at()
		}
		return r
	}
	return &fleet.Traffic{At: w.at(), Capacity: w.number(), Inbound: rates(), Outbound: rates(), Streamed: w.pick(2) == 0}
}

func (w *world) pairRates() fleet.PairRates {
	return fleet.PairRates{Last: w.number(), P95: w.number(), Newest: w.at(), Resolution: 5 * time.Minute}
}

func (w *world) states() map[string]int {
	states := madeUp(w.pick(12))
	for range w.pick(4) {
		states[w.text()] = w.pick(3)
	}
	return states
}

// A panic must not leave the values of the answer before on the page, as if they were new.
func TestTextAfterAPanicHasNoOldValues(t *testing.T) {
	snap := snapshot(time.Now())
	c := collector.New(func() *fleet.Snapshot { return snap })
	textOf(c, false)
	next := new(*snap)
	next.Ports = slices.Clone(snap.Ports)
	next.Ports[0] = new(*snap.Ports[0])
	next.Ports[0].Traffic = nil // a row panics: there must be an entry for each window
	snap = next
	for range 2 {
		func() {
			defer func() { _ = recover() }()
			t.Errorf("shown:\n%s", textOf(c, false))
		}()
	}
}

// What has not changed is not rendered anew, also if one direction is stale.
func TestTextOfAStaleDirectionIsKept(t *testing.T) {
	allocations := func(outbound time.Duration) float64 {
		snap := snapshotOf(100)
		traffic := *snap.Ports[0].Traffic[0]
		traffic.At, traffic.Outbound.At = time.Now(), time.Now().Add(-outbound)
		for _, p := range snap.Ports {
			p.Traffic = []*fleet.Traffic{&traffic, p.Traffic[1]}
		}
		c := collector.New(func() *fleet.Snapshot { return snap })
		textOf(c, false)
		return testing.AllocsPerRun(5, func() {
			for range c.Text(false) {
				break
			}
		})
	}
	if fresh, stale := allocations(time.Minute), allocations(time.Hour); stale > 10*fresh {
		t.Errorf("%v allocations, with a stale direction %v", fresh, stale)
	}
}

// Both doors agree if a family is longer than one piece, and after a reader that stopped
// early.
func TestLongTextComesInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		snap := snapshotOf(500)
		c := collector.New(func() *fleet.Snapshot { return snap })
		pieces := map[string]int{}
		for family := range c.Text(false) {
			pieces[family]++
		}
		if n := pieces["equinix_fabric_port_connections"]; n < 2 {
			t.Fatalf("one family has %d pieces", n)
		}
		for stop := range 5 {
			for range c.Text(false) {
				if stop--; stop < 0 {
					break
				}
			}
			for family := range c.Text(false) {
				if family == "equinix_fabric_port_connections" {
					break // within the family
				}
			}
		}
		scraper(t, c)()
	})
}

// Scrapes at the same time, through either door, each show one snapshot whole.
func TestScrapesAtOnceShowOneSnapshotEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var snaps [2]*fleet.Snapshot
		whole := map[string]bool{}
		for i := range snaps {
			snaps[i] = limited(time.Now(), 1_000_000)
			for _, p := range snaps[i].Ports {
				p.ConfiguredName = fmt.Sprintf("%s-%d", p.UUID, i)
			}
			whole[string(expose(t, snaps[i]))] = true
		}
		var now atomic.Pointer[fleet.Snapshot]
		now.Store(snaps[0])
		c := collector.New(now.Load)
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(c)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for i := range 20 {
					now.Store(snaps[i%2])
					if !whole[textOf(c, false)] || !whole[string(scrape(t, reg, string(expfmt.FmtText)))] {
						t.Error("a scrape shows a mixture")
					}
				}
			})
		}
		readers.Wait()
	})
}
