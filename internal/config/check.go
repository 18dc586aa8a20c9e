package config

import (
	"cmp"
	"fmt"
	"time"
)

// checker turns a decoded file into a Config, and reports what the types of the
// format cannot say. It goes on after a fault: what it returns is a Config only
// if the report has none.
type checker struct {
	*report
	dir     string // where relative paths start
	exposed bool   // others than the owner may read the file
	alone   bool   // do not look at the files that it names
	env     func(string) (string, bool)

	// What must be unique in the file as a whole, by the path of its first use.
	pairNames map[string]string // the metrics of a pair do not name its account
	paired    map[string]string // UUIDs of ports
}

func (c *checker) config(f file) *Config {
	return &Config{
		Accounts: c.accounts(f.Accounts),
		Poll:     c.poll(f.Poll),
		API:      c.api(f.API),
		State:    State{File: c.resolve(f.State.File)},
		Warnings: c.warnings,
	}
}

func (c *checker) poll(f filePoll) Poll {
	within(c, "poll.interval", f.Interval, minute, hour)
	within(c, "poll.connections_interval", f.ConnectionsInterval, minute, day)
	within(c, "poll.inventory_interval", f.InventoryInterval, minute, day)
	within(c, "poll.stale_intervals", f.StaleIntervals, 2, 100)
	return Poll{
		Interval:            time.Duration(f.Interval),
		ConnectionsInterval: time.Duration(f.ConnectionsInterval),
		InventoryInterval:   time.Duration(f.InventoryInterval),
		Windows:             c.windows(f.Windows, f.Interval),
		StaleIntervals:      f.StaleIntervals,
	}
}

func (c *checker) windows(f []fileWindow, interval duration) []Window {
	const path = "poll.windows"
	if len(f) == 0 && c.sound(path) {
		c.bad(path, "is empty: list at least one window, or delete the key")
	}
	seen := map[duration]string{}
	windows := make([]Window, len(f))
	for i, w := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		every := cmp.Or(w.Interval, &interval)
		windows[i] = Window{
			Resolution: time.Duration(w.Resolution),
			Span:       time.Duration(w.Span),
			Interval:   time.Duration(*every),
		}
		if i == 0 {
			c.gaps(at, windows[i], w.Interval != nil)
		}
		if !c.sound(at) { // the default, or not a mapping
			continue
		}
		c.span(at, w)
		if c.sound(at + ".span") {
			once(c, seen, at+".span", w.Span)
		}
		// Against a poll.interval that is refused itself, the bound says nothing.
		if w.Interval != nil && !c.faulty["poll.interval"] && c.sound(at+".interval") &&
			(*w.Interval < interval || *w.Interval > day) {
			c.bad(at+".interval", "%v is out of range: poll.interval (%v) to 1d", *w.Interval, interval)
		}
	}
	return windows
}

// gaps warns of a primary window whose last polled rate, which ends when the
// sample is older than three of its intervals and 45 minutes, does so between two
// polls: a sample is an interval and some ten minutes old when it is polled.
func (c *checker) gaps(at string, w Window, own bool) {
	longest := 2*w.Resolution + 35*time.Minute
	if w.Interval <= longest {
		return
	}
	path := "poll.interval"
	if own {
		path = at + ".interval"
	}
	c.warn(path, fmt.Sprintf("%v is longer than %v: the last polled rates (…_traffic_last_…) end between two polls", duration(w.Interval), duration(longest)))
}

// span checks the resolution and span of a window, which depend on each other:
// Equinix keeps the fine intervals for a week only.
func (c *checker) span(at string, w fileWindow) {
	resolution, span := at+".resolution", at+".span"
	fine := c.need(resolution, "write 5m or 1h")
	if fine && w.Resolution != 5*minute && w.Resolution != hour {
		c.bad(resolution, "%v is not a resolution that Equinix offers: write 5m or 1h", w.Resolution)
	}
	if !c.need(span, "write whole days, 1d to 7d at a resolution of 5m, 8d to 90d at 1h") {
		return
	}
	switch low, high := spans(w.Resolution); {
	case w.Span%day != 0:
		c.bad(span, "%v is not whole days: write 1d to 7d at a resolution of 5m, 8d to 90d at 1h", w.Span)
	case c.sound(resolution) && (w.Span < low || w.Span > high):
		c.bad(span, "%v is out of range: %v to %v at a resolution of %v", w.Span, low, high, w.Resolution)
	}
}

// spans returns the shortest and the longest span at a resolution.
func spans(resolution duration) (low, high duration) {
	if resolution == hour {
		return 8 * day, 90 * day
	}
	return day, 7 * day
}

func (c *checker) api(f fileAPI) API {
	const rate, maxRate = "api.requests_per_second", 1000
	// Written so that NaN, which YAML can spell, is out of range too.
	if !(f.RequestsPerSecond > 0 && f.RequestsPerSecond <= maxRate) && c.sound(rate) {
		c.bad(rate, "%v is out of range: above 0 to %d", f.RequestsPerSecond, maxRate)
	}
	within(c, "api.burst", f.Burst, 1, 10_000)
	within(c, "api.concurrency", f.Concurrency, 1, 256)
	within(c, "api.timeout", f.Timeout, second, 5*minute)
	within(c, "api.max_retries", f.MaxRetries, 0, 10)
	return API{
		RequestsPerSecond: f.RequestsPerSecond,
		Burst:             f.Burst,
		Concurrency:       f.Concurrency,
		Timeout:           time.Duration(f.Timeout),
		MaxRetries:        f.MaxRetries,
	}
}

// within refuses a value of the file that is below low or above high.
func within[T cmp.Ordered](c *checker, path string, v, low, high T) {
	if c.sound(path) && (v < low || v > high) {
		c.bad(path, "%v is out of range: %v to %v", v, low, high)
	}
}

// once refuses a value of the file that an earlier path has too.
func once[T comparable](c *checker, seen map[T]string, path string, v T) {
	if first, ok := seen[v]; ok {
		c.bad(path, "is the same as %s on line %d: it must be unique", first, c.line(first))
		return
	}
	seen[v] = path
}

// need refuses a file without a value at path, and reports whether there is a
// value worth a look.
func (c *checker) need(path, instead string) bool {
	if !c.given(path) {
		c.bad(path, "is missing: %s", instead)
	}
	return c.sound(path)
}
