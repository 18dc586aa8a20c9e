package e2e_test

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"
)

// tables are the texts of the first and the last table of the page, by row and heading.
// Between them may be one of pairs.
func tables(t *testing.T, b *browser) (accounts, ports []map[string]string) {
	t.Helper()
	all := eval[[][]map[string]string](t, b, "audit.tables()")
	if len(all) < 2 {
		t.Fatalf("%d tables, want ports and accounts", len(all))
	}
	return all[len(all)-1], all[0]
}

// matches checks the texts of a row, each with a regular expression.
func matches(t *testing.T, want, got map[string]string) {
	t.Helper()
	for heading, pattern := range want {
		if !regexp.MustCompile(`^(?s:` + pattern + `)$`).MatchString(got[heading]) {
			t.Errorf("%s is %q, want %s", heading, got[heading], pattern)
		}
	}
}

func landingShowsAccounts(t *testing.T, b *browser) {
	accounts, _ := tables(t, b)
	if len(accounts) != 2 {
		t.Fatalf("%d accounts, want 2: %v", len(accounts), accounts)
	}
	for i, want := range []map[string]string{
		{"Account": "classic", "Traffic source": "v4-stats"},
		{"Account": "metrics", "Traffic source": "v4-metrics"},
	} {
		want["Data"], want["Token expires in"], want["Request budget"] = "up", `5\dm`, `\d+ of \d+ calls`
		want["Polled every"], want["Login problem"], want["Last error"] = `traffic 1m \(1d\), 5m \(30d\); connections 1m; inventory 1m`, "–", "–"
		matches(t, want, accounts[i])
	}
}

// share is the highest share in percent of a port's directions, now or at p95, -1 where
// all are unknown.
func share(t *testing.T, port map[string]string) int {
	t.Helper()
	highest := -1
	for _, m := range regexp.MustCompile(`(\d+) %`).FindAllStringSubmatch(port["In"]+port["Out"], -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		highest = max(highest, n)
	}
	return highest
}

// urgency is 3 for a port that is down, 2 for another one in red, 1 for one in orange, else 0.
func urgency(port map[string]string) int {
	switch {
	case regexp.MustCompile(`(?m)^down$`).MatchString(port["Port"]):
		return 3
	case regexp.MustCompile(`(?m)^full, .*$`).MatchString(port["Port"]):
		return 2
	case regexp.MustCompile(`(?m)^(some links are down|nearly full, .*)$`).MatchString(port["Port"]):
		return 1
	}
	return 0
}

func landingShowsPorts(t *testing.T, b *browser, base string) {
	const lastRate = prefix + "port_traffic_last_bytes_per_second"
	var ports []map[string]string
	var rates samples
	// The demo polls on: what /metrics shows before and after is what the page
	// was made from.
	eventually(t, func() error {
		rates = values(scrapeOnce(t, base), only(lastRate))
		b.open(t, base+"/")
		if diff := gocmp.Diff(rates, values(scrapeOnce(t, base), only(lastRate))); diff != "" {
			return fmt.Errorf("polled meanwhile: %s", diff)
		}
		_, ports = tables(t, b)
		return nil
	})
	if len(ports) != 20 {
		t.Fatalf("%d ports, want 20", len(ports))
	}
	if !slices.IsSortedFunc(ports, func(p, q map[string]string) int {
		return cmp.Or(urgency(q)-urgency(p), share(t, q)-share(t, p))
	}) || urgency(ports[0]) != 3 {
		t.Errorf("not the worst first: %v", ports)
	}
	shown := 0
	for _, p := range ports {
		name, _, _ := strings.Cut(p["Port"], " ")
		for heading, direction := range map[string]string{"In": "inbound", "Out": "outbound"} {
			rate, known := rateOf(rates, lastRate, name, direction)
			text, _, _ := strings.Cut(p[heading], "\n")
			if !known {
				if text != "–" {
					t.Errorf("%s %s: %q, want a dash", name, direction, text)
				}
				continue
			}
			shown++
			if got := bitsOf(t, text); math.Abs(got-8*rate) > 0.005*8*rate {
				t.Errorf("%s %s: %s, /metrics has %v bytes/s", name, direction, text, rate)
			}
			matches(t, map[string]string{heading: `[\d.]+ [kMG]?bit/s(\s+\d+ %)?\s+p95\s+[\d.]+ [kMG]?bit/s( \d+ %)?`}, p)
		}
		for _, heading := range []string{"Sample age", "Polled ago"} {
			if text := p[heading]; share(t, p) >= 0 {
				if age, err := model.ParseDuration(text); err != nil || time.Duration(age) > 30*time.Minute {
					t.Errorf("%s: %s is %q", name, heading, text)
				}
			}
		}
	}
	if n := eval[int](t, b, "document.querySelectorAll('svg.spark').length"); n != shown || n < 30 {
		t.Errorf("%d sparklines of %d rates", n, shown)
	}
}

// rateOf is the value of the series of a port and direction.
func rateOf(rates samples, family, name, direction string) (float64, bool) {
	for s, v := range rates {
		if strings.HasPrefix(s, family) && strings.Contains(s, fmt.Sprintf("port_name=%q", name)) && strings.Contains(s, fmt.Sprintf("direction=%q", direction)) {
			return v, true
		}
	}
	return 0, false
}

// bitsOf reads a rate as the page writes it.
func bitsOf(t *testing.T, text string) float64 {
	t.Helper()
	digits, unit, _ := strings.Cut(text, " ")
	v, err := strconv.ParseFloat(digits, 64)
	factor, known := map[string]float64{"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9}[unit]
	if err != nil || !known {
		t.Errorf("%q is no rate", text)
	}
	return v * factor
}
