package collector

import (
	"log/slog"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// leftOut is what an account does not show because it could have more series than
// max_series.
type leftOut struct {
	objects [3]int // by kind, those that would have series
	series  int    // the number that these would have now
}

// limit marks what to leave out: the first port, pair or connection that does not fit
// into max_series, and all after it. Each counts as the maximum of series that it can
// have, from the moment it is known. So the series of one subject do not change which
// other subjects are shown.
func (c *Collector) limit(snap *fleet.Snapshot, subjects []subject) map[string]leftOut {
	charge := c.mostSeries(len(snap.Windows))
	total, room := map[string]int{}, map[string]int{} // by account; room only of those that have too much
	for _, s := range subjects {
		total[s.account] += charge[s.kind]
	}
	for _, a := range snap.Accounts {
		if a.MaxSeries > 0 && total[a.Name] > a.MaxSeries {
			room[a.Name] = a.MaxSeries
		}
	}
	out := map[string]leftOut{}
	hidden := map[string]bool{} // ports by UUID
	for i := range subjects {
		s := &subjects[i]
		account := s.account
		if p := s.pair; p != nil && hidden[p.Secondary] && !hidden[p.Primary] { // a pair goes with either of its ports
			account = snap.Port(p.Secondary).Account
		}
		left, limited := room[account]
		if !limited {
			continue
		}
		if charge[s.kind] <= left {
			room[account] = left - charge[s.kind]
			continue
		}
		room[account] = 0 // everything after it is left out too
		s.leftOut = true
		if s.kind == port {
			hidden[s.id] = true
		}
		if series := s.count(); series > 0 {
			o := out[account]
			o.series += series
			o.objects[s.kind]++
			out[account] = o
		}
	}
	c.logChanges(snap, out)
	return out
}

// count is how many series the subject would have now if no value were stale.
func (s *subject) count() (n int) {
	if s.shown {
		s.samples(time.Time{}, func(*Family, float64, []string) { n++ }) // at the zero time nothing is stale
	}
	return n
}

// LogTo sets the logger for changes of what is left out. It must be called before the
// first scrape.
func (c *Collector) LogTo(log *slog.Logger) { c.log = log }

// logChanges logs what is left out, each change of it once.
func (c *Collector) logChanges(snap *fleet.Snapshot, out map[string]leftOut) {
	c.logging.Lock()
	defer c.logging.Unlock()
	for _, account := range snap.Accounts {
		now := out[account.Name]
		if now.objects == c.logged[account.Name] {
			continue
		}
		c.logged[account.Name] = now.objects
		if now == (leftOut{}) {
			c.log.Info("account is within max_series again; nothing is left out", "account", account.Name)
			continue
		}
		c.log.Warn("account could have more series than max_series allows; whole ports, pairs and connections are left out",
			"account", account.Name, "max", account.MaxSeries, "series", now.series,
			"ports", now.objects[port], "pairs", now.objects[pair], "connections", now.objects[connection],
			"remedy", "raise max_series of the account if Prometheus can take them, else narrow discover or connections")
	}
}
