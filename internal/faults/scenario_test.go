package faults_test

import (
	"cmp"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// scenario is a fault under a daemon that is well, and what must come of it.
type scenario struct {
	fabrictest.Switch

	title    string   // what the page calls it; "" is the name of the fault
	more     []string // ports to watch beside the usual ones
	sources  []string // traffic sources to try it with; none is auto, and so v3
	windows  bool     // there is a window that is asked for once an hour, too
	paged    bool     // the listing of ports takes two pages
	own      *private // instead of the catalogue's; nil for none
	accounts int      // of which the first meets the fault; 0 is 1
	life     time.Duration
	lasts    time.Duration               // an hour at least; 0 is lasting
	mend     func(*testing.T, *exporter) // what it takes beside the end of the fault; nil for nothing

	outcome
}

// private is a fault that is not in the catalogue: of every good answer to an
// operation, or to any that is about data.
type private struct {
	does    string
	op      string
	times   int // how many answers; 0 is all
	rewrite func(any) any
}

// lasting is longer than anything known outlives.
const lasting = 85 * time.Minute

// step is the time between two looks.
const step = 5 * time.Minute

func (s scenario) name() string { return cmp.Or(s.title, s.Fault) }

// checkpoint is what an exporter shows at one moment.
type checkpoint struct {
	at     time.Duration // since the fault began
	series map[string]float64
	calls  []int // that the API of each account has taken since then
}

// timeline is a scenario as it went.
type timeline struct {
	began   time.Time // when the fault did
	before  map[string]float64
	theirs  []string // the UUIDs of the ports of all accounts but the first
	marks   []checkpoint
	hits    int  // requests that the fault has met
	altered bool // it has made an answer say something else
	// From the end of the fault until ports were polled with success and had their
	// traffic and connections again, and until all was as before; negative for never.
	back, whole time.Duration
	untrue      []string // figures that the API never had
	log         string
}

// run plays a scenario, without its fault unless on.
func (s scenario) run(t *testing.T, source string, on bool) (line timeline) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var apis []*fabrictest.API
		for i := range max(1, s.accounts) {
			apis = append(apis, newAPI(i, s.life, s.paged))
		}
		e, stop := start(t, s.configure(source), apis...)
		time.Sleep(warmUp)
		synctest.Wait()
		line.before = e.series(t)
		for _, api := range apis[1:] {
			for _, p := range api.Fleet().Ports {
				line.theirs = append(line.theirs, p.UUID)
			}
		}
		line.began = time.Now()
		var calls []int
		for _, api := range apis {
			calls = append(calls, api.Count(""))
		}
		var hits atomic.Int64
		end := func() {}
		if on && s.own != nil {
			end = s.own.begin(apis[0], &hits)
		} else if on {
			if _, err := apis[0].SwitchOn(s.Switch); err != nil {
				t.Fatal(err)
			}
		}
		for time.Since(line.began) < cmp.Or(s.lasts, lasting) {
			time.Sleep(step)
			synctest.Wait()
			m := checkpoint{at: time.Since(line.began), series: e.series(t)}
			for i, api := range apis {
				m.calls = append(m.calls, api.Count("")-calls[i])
			}
			line.marks = append(line.marks, m)
			line.untrue = append(line.untrue, s.untrue(e, m.series)...)
		}
		for _, s := range apis[0].SwitchedOn() {
			line.hits += s.Hits
			line.altered = line.altered || s.Altered
		}
		line.hits += int(hits.Load())
		apis[0].SwitchOff(0)
		end()
		if s.mend != nil {
			s.mend(t, e)
		}
		line.recover(t, e)
		stop()
		line.log = e.log.String()
	})
	return line
}

// begin puts the fault on an API and counts the answers that it hits.
func (p *private) begin(api *fabrictest.API, hits *atomic.Int64) (end func()) {
	return api.Inject(fabrictest.Fault{Op: p.op, Data: true, Times: p.times, Rewrite: func(v any) any {
		hits.Add(1)
		return p.rewrite(v)
	}})
}

// configure is the file of the scenario's exporter.
func (s scenario) configure(source string) string {
	text := configure(max(1, s.accounts), source, s.more...)
	if s.windows {
		text += "poll: {windows: [{resolution: 5m, span: 1d}, {resolution: 1h, span: " + longWindow + ", interval: 1h}]}\n"
	}
	return text
}

// newAPI is that of an account: the demo's estate, of which all ports have
// metrics, under credentials of its own.
func newAPI(account int, life time.Duration, pages bool) *fabrictest.API {
	seed := uint64(1000 * account) // UUIDs of neighbouring seeds overlap
	f := fabrictest.Demo(seed)
	f.Attach()
	if pages {
		paged(&f)
	}
	return fabrictest.New(fabrictest.Options{
		Seed: seed, Fleet: &f, TokenLife: life, PagePorts: true,
		ClientID: fabrictest.DemoClientID + string(rune('0'+account)),
	})
}

// patience is how long a recovery is waited for.
const patience = 90 * time.Minute

// recover watches until all is as before the fault.
func (l *timeline) recover(t *testing.T, e *exporter) {
	l.back, l.whole = -1, -1
	ended := time.Now()
	for time.Since(ended) < patience && l.whole < 0 {
		time.Sleep(30 * time.Second)
		synctest.Wait()
		now := e.series(t)
		lost := map[class]int{}
		for series := range l.before {
			if _, there := now[series]; !there {
				lost[classOf(kin(series))]++
			}
			if f := family(series); (f == "up" || f == "port_poll_success") && now[series] != 1 {
				lost[traffic]++
			}
		}
		if l.back < 0 && lost[traffic]+lost[connections] == 0 {
			l.back = time.Since(ended)
		}
		if len(lost) == 0 {
			l.whole = time.Since(ended)
		}
	}
}
