package replay_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// noData is how long an account counts as up without data: two intervals and a
// timeout, from the latest answer on.
const noData = 5 * time.Minute

// inject adds a fault until the world is mended.
func (w *world) inject(f fabrictest.Fault) {
	w.mend = append(w.mend, w.api.Inject(f))
}

func mend(w *world) {
	for _, remove := range w.mend {
		remove()
	}
	w.mend = nil
}

func fault(f fabrictest.Fault) func(*world) { return func(w *world) { w.inject(f) } }

func TestAnAPIThatIsDownIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = time.Hour, 110 * time.Minute // while the token lasts
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 140 * time.Minute, events: []event{
		{begin, fault(fabrictest.Fault{Status: http.StatusServiceUnavailable, Body: "{}"})},
		{end, mend},
	}}))
	line.expect(t, want{"FabricAccountDown prod", after(begin, noData+15*time.Minute, poll), after(end, 0, poll)})
}

func TestALoginThatIsRefusedIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 140 * time.Minute
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 170 * time.Minute, events: []event{
		{begin, func(w *world) { w.api.SetClientSecret("rotated"); w.api.ExpireTokens() }},
		{end, func(w *world) {
			w.api.SetClientSecret(fabrictest.DemoClientSecret)
			if err := w.reload(); err != nil {
				w.Error(err)
			}
		}},
	}}))
	line.expect(t, want{"FabricLoginRefused prod", after(begin, 0, poll), after(end, 0, poll)})
}

func TestATokenThatCannotBeGotFires(t *testing.T) {
	t.Parallel()
	const begin, end = 20 * time.Minute, 140 * time.Minute
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 170 * time.Minute, events: []event{
		{begin, func(w *world) {
			w.inject(fabrictest.Fault{Op: fabrictest.OpToken, Status: http.StatusBadGateway, Body: "<html>"})
			w.api.ExpireTokens()
		}},
		{end, mend},
	}}))
	line.expect(t,
		want{"FabricTokenTrouble prod", after(begin, noData+10*time.Minute, poll), after(end, 0, poll)},
		want{"FabricAccountDown prod", after(begin, noData+15*time.Minute, poll), after(end, 0, poll)},
	)
}

func TestABudgetThatIsTooSmallIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, 150 * time.Minute
	reload := func(rate string) func(*world) {
		return func(w *world) {
			w.configure(discover + "api: {requests_per_second: " + rate + "}\n")
			if err := w.reload(); err != nil {
				w.Error(err)
			}
		}
	}
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 3 * time.Hour, events: []event{
		{begin, reload("0.01")}, {end, reload("5")},
	}}))
	line.expect(t, want{"FabricBudgetExceeded prod", after(begin, 30*time.Minute, poll), after(end, 0, poll)})
}

func TestAReloadThatIsRefusedIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 90 * time.Minute, events: []event{
		{begin, func(w *world) {
			w.configure("    nonsense: true\n")
			if w.reload() == nil {
				w.Error("nonsense is accepted")
			}
		}},
		{end, func(w *world) {
			w.configure(discover)
			if err := w.reload(); err != nil {
				w.Error(err)
			}
		}},
	}}))
	line.expect(t, want{"FabricReloadFailed", after(begin, 5*time.Minute, 0), after(end, 0, 0)})
}

// A directory that goes away, as with a volume that is not mounted.
func TestAStateFileThatCannotBeWrittenIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	line := newTimeline(t, record(t, story{
		api: estate(), config: discover + "state: {file: " + filepath.Join(dir, "file") + "}\n", span: 90 * time.Minute, events: []event{
			{begin, func(w *world) {
				if err := os.RemoveAll(dir); err != nil {
					w.Error(err)
				}
			}},
			{end, func(w *world) {
				if err := os.Mkdir(dir, 0o700); err != nil {
					w.Error(err)
				}
			}},
		},
	}))
	// The latest failure counts for the five minutes of the rule, less one of a try.
	line.expect(t, want{"FabricStateWriteFailing", after(begin, 15*time.Minute, poll), after(end, 4*time.Minute, poll)})
}

func TestAnAccountWithTooManySeriesIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	become := func(config string) func(*world) {
		return func(w *world) {
			w.configure(config)
			if err := w.reload(); err != nil {
				w.Error(err)
			}
		}
	}
	recorded := record(t, story{api: estate(), config: discover, span: 90 * time.Minute, events: []event{
		{begin, become("    max_series: 100\n" + discover)}, // two ports of four
		{end, become(discover)},
	}})
	e := newEngine(t, ruleFiles()...)
	e.newTimeline(recorded).expect(t, want{"FabricSeriesLeftOut prod", after(begin, 15*time.Minute, 0), after(end, 0, 0)})
	e.noSum(recorded, begin, end)
}

// Hidden from the first scrape on, the ports were never seen: nothing waits for them.
func TestAnAccountThatBeginsWithTooManySeriesHasNoSum(t *testing.T) {
	t.Parallel()
	const end = time.Hour
	recorded := record(t, story{api: estate(), config: "    max_series: 100\n" + discover, span: 90 * time.Minute, events: []event{
		{end, func(w *world) {
			w.configure(discover)
			if err := w.reload(); err != nil {
				w.Error(err)
			}
		}},
	}})
	e := newEngine(t, ruleFiles()...)
	e.newTimeline(recorded)
	e.noSum(recorded, 0, end)
}

// noSum wants sums over ports to be there but for a span of time, in which some
// ports of the account show.
func (e *engine) noSum(recorded []scrape, begin, end time.Duration) {
	e.Helper()
	for _, s := range recorded[10:] {
		at := s.at.Sub(recorded[0].at) + time.Minute
		for expr, want := range map[string]bool{
			`equinix_fabric:port:traffic_bytes_per_second`:              true,
			`equinix_fabric:account:traffic_bytes_per_second`:           at <= begin || at > end,
			`equinix_fabric:metro:traffic_bytes_per_second`:             at <= begin || at > end,
			`{__name__=~"equinix_fabric:(account|metro):ports_with.+"}`: at <= begin || at > end,
		} {
			v, err := e.prometheus().Instant(expr, s.at)
			if err != nil {
				e.Fatal(err)
			}
			if got := len(v) > 0; got != want {
				e.Errorf("%s at %v: there is one: %v, want %v", expr, at, got, want)
			}
		}
	}
}

func TestAnExporterThatIsDownIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, time.Hour
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 2 * time.Hour, events: []event{
		{begin, func(w *world) { w.exporters[0].down = true }},
		{end, func(w *world) { w.exporters[0].down = false }},
	}}))
	line.expect(t, want{"FabricExporterDown", after(begin, 5*time.Minute, 0), after(end, 0, 0)})
}

// Every fifth scrape fails, with an alert whose time would restart with each of them.
func TestScrapesThatKeepFailingAreOneAlert(t *testing.T) {
	t.Parallel()
	const begin, end = 30 * time.Minute, 150 * time.Minute
	events := []event{{begin, links(first, fabrictest.StatusDown)}}
	for at := begin; at < end; at += 5 * time.Minute {
		events = append(events,
			event{at, func(w *world) { w.exporters[0].down = true }},
			event{at + time.Minute, func(w *world) { w.exporters[0].down = false }})
	}
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 4 * time.Hour, events: events}))
	line.expect(t,
		want{"FabricScrapesFailing", after(begin, 15*time.Minute, time.Hour), after(end, 0, 2*time.Hour)},
		want{"FabricPortDown " + first, after(begin, 5*time.Minute, listing), between{}},
	)
}

func TestAnExporterThatKeepsRestartingIsOneAlert(t *testing.T) {
	t.Parallel()
	const begin = 30 * time.Minute
	restart := func(w *world) { w.exporters[0].stop(); w.start(0) }
	line := newTimeline(t, record(t, story{api: estate(), config: discover, span: 2 * time.Hour, events: []event{
		{begin, restart}, {begin + 10*time.Minute, restart}, {begin + 20*time.Minute, restart},
	}}))
	line.expect(t, want{"FabricExporterRestarting", after(begin, 20*time.Minute, time.Minute), after(begin, time.Hour, time.Minute)})
}
