package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
)

// checker sets the defaults of a decoded Config, and checks what the types cannot. It
// goes on after a fault; the Config may be used only if the report has no faults.
type checker struct {
	*report
	dir     string // relative paths start here
	exposed bool   // other users than the owner may read the file
	alone   bool   // do not read the files that it names
	env     func(string) (string, bool)

	// Values that must be unique in the whole file, with the path of their first use.
	pairNames map[string]string // metrics of a pair have no account label
	paired    map[string]string // UUIDs of ports
}

func (c *checker) check(cfg *Config) {
	c.accounts(cfg.Accounts)
	c.poll(&cfg.Poll)
	c.api(&cfg.API)
	cfg.State.File = c.resolve(cfg.State.File)
	c.remoteWrite(cfg)
}

func (c *checker) poll(p *Poll) {
	within(c, "poll.interval", duration(p.Interval), minute, hour)
	within(c, "poll.connections_interval", duration(p.ConnectionsInterval), minute, day)
	within(c, "poll.inventory_interval", duration(p.InventoryInterval), minute, day)
	within(c, "poll.stale_intervals", p.StaleIntervals, 2, 100)
	const path = "poll.windows"
	if len(p.Windows) == 0 && c.sound(path) {
		c.bad(path, "is empty: list at least one window, or delete the key")
	}
	seen := map[time.Duration]string{}
	for i := range p.Windows {
		w, at := &p.Windows[i], fmt.Sprintf("%s[%d]", path, i)
		own := c.given(at + ".interval")
		if !own {
			w.Interval = p.Interval
		}
		if i == 0 {
			c.gaps(at, *w, own)
		}
		if !c.sound(at) { // the default, or not a mapping
			continue
		}
		c.span(at, *w)
		if c.sound(at + ".span") {
			once(c, seen, at+".span", w.Span)
		}
		// Only a valid poll.interval is a lower bound.
		if !c.faulty["poll.interval"] && c.sound(at+".interval") && (w.Interval < p.Interval || duration(w.Interval) > day) {
			c.bad(at+".interval", "%v is out of range: poll.interval (%v) to 1d", duration(w.Interval), duration(p.Interval))
		}
	}
}

// gaps warns if the primary window is polled so rarely that its last polled rate
// expires between two polls. The rate expires when its sample is older than three
// intervals of the window and 45 minutes. When a sample is polled it is already one
// interval and some ten minutes old.
func (c *checker) gaps(at string, w Window, own bool) {
	longest := 2*w.Resolution + 35*time.Minute
	if w.Interval <= longest {
		return
	}
	path := "poll.interval"
	if own {
		path = at + ".interval"
	}
	c.warn(path, fmt.Sprintf("%v is longer than %v: the last polled rates (…_traffic_last_…) expire between two polls", duration(w.Interval), duration(longest)))
}

// span checks the resolution and span of a window, which depend on each other:
// Equinix keeps 5-minute intervals for only a week.
func (c *checker) span(at string, w Window) {
	resolution, length := duration(w.Resolution), duration(w.Span)
	low, high := day, 7*day
	if resolution == hour {
		low, high = 8*day, 90*day
	}
	if c.need(at+".resolution", "write 5m or 1h") && resolution != 5*minute && resolution != hour {
		c.bad(at+".resolution", "%v is not a resolution that Equinix offers: write 5m or 1h", resolution)
	}
	switch {
	case !c.need(at+".span", "write whole days, 1d to 7d at a resolution of 5m, 8d to 90d at 1h"):
	case length%day != 0:
		c.bad(at+".span", "%v is not whole days: write 1d to 7d at a resolution of 5m, 8d to 90d at 1h", length)
	case c.sound(at+".resolution") && (length < low || length > high):
		c.bad(at+".span", "%v is out of range: %v to %v at a resolution of %v", length, low, high, resolution)
	}
}

func (c *checker) api(a *API) {
	const rate, maxRate = "api.requests_per_second", 1000
	// Written so that NaN, a number in YAML, is out of range too.
	if !(a.RequestsPerSecond > 0 && a.RequestsPerSecond <= maxRate) && c.sound(rate) {
		c.bad(rate, "%v is out of range: above 0 to %d", a.RequestsPerSecond, maxRate)
	}
	within(c, "api.burst", a.Burst, 1, 10_000)
	within(c, "api.concurrency", a.Concurrency, 1, 256)
	within(c, "api.timeout", duration(a.Timeout), second, 5*minute)
	within(c, "api.max_retries", a.MaxRetries, 0, 10)
}

// within refuses a value of the file that is below low or above high.
func within[T cmp.Ordered](c *checker, path string, v, low, high T) {
	if c.sound(path) && (v < low || v > high) {
		c.bad(path, "%v is out of range: %v to %v", v, low, high)
	}
}

// once refuses a value that an earlier path of the file has too.
func once[T comparable](c *checker, seen map[T]string, path string, v T) {
	if first, ok := seen[v]; ok {
		c.bad(path, "is the same as %s on line %d: it must be unique", first, c.line(first))
		return
	}
	seen[v] = path
}

// need requires a value at path, and reports whether there is one without a fault.
func (c *checker) need(path, instead string) bool {
	if !c.given(path) {
		c.bad(path, "is missing: %s", instead)
	}
	return c.sound(path)
}

// resolve returns a path of the file relative to the process.
func (c *checker) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.dir, path)
}

// duration is a time.Duration that prints as in the file.
type duration time.Duration

const (
	second = duration(time.Second)
	minute = duration(time.Minute)
	hour   = duration(time.Hour)
	day    = 24 * hour
)

// String writes whole days as days, where Prometheus would turn 7d into 1w.
func (d duration) String() string {
	if d > 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return model.Duration(d).String()
}
