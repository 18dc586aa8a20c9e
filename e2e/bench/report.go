package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// report is the result in Markdown.
func report(all []*figures, o options) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured on %s with %s: %d cores, %s/%s, exporter %s.\n"+
		"Times are medians of %d scrapes of each server, taken in turn over loopback.\n",
		time.Now().UTC().Format(time.DateOnly), processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, all[0].version, o.rounds)

	times := table{{
		"ports", "series", "plain: exporter", "plain: from memory", "plain: promhttp",
		"gzip: exporter", "gzip: from memory", "gzip: promhttp", "plain: a series", "gzip: a series",
	}}
	costs := table{{
		"ports", "plain: answer", "plain: allocations", "plain: CPU", "gzip: answer", "gzip: allocations", "gzip: CPU",
	}}
	polls := table{{
		"ports", "first cycle", "a call: CPU", "a call: allocations", "first cycle: memory", "memory", "answers", "a scrape",
	}}
	for _, f := range all {
		ports := strconv.Itoa(f.ports)
		row := []string{ports, strconv.Itoa(f.series)}
		for e := range encodings {
			for server := range servers {
				row = append(row, ms(f.took[e][server].Seconds()))
			}
		}
		times = append(times, append(row, ns(f.perSeries(plain)), ns(f.perSeries(compressed))))
		row = []string{ports}
		for e := range encodings {
			row = append(row, kib(f.bytes[e]), fmt.Sprintf("%.0f", f.scrape[e].allocations), ms(f.scrape[e].cpu))
		}
		costs = append(costs, row)
		polls = append(polls, []string{
			ports, short(f.cycle.Seconds()) + " s", ms(f.call.cpu), fmt.Sprintf("%.0f", f.call.allocations),
			mib(f.peak), mib(f.resident), short(f.answersPerSec) + " /s", ms(f.duringPolls.Seconds()),
		})
	}
	fmt.Fprintf(&b, "\nHow long a scrape takes, polls paused:\n\n%s", times)
	fmt.Fprintf(&b, "\nWhat a scrape costs the exporter, polls paused:\n\n%s", costs)
	fmt.Fprintf(&b, "\nPolling, and memory under a scrape a second meanwhile:\n\n%s", polls)
	if aims := aims(all); aims != "" {
		fmt.Fprintf(&b, "\nAims:\n\n%s", aims)
	}
	day := all[len(all)-1]
	for _, f := range all {
		if f.ports == 1000 {
			day = f
		}
	}
	b.WriteString(day.day())
	return b.String()
}

// perSeries is how long a series takes, in nanoseconds.
func (f *figures) perSeries(e encoding) float64 {
	return float64(f.took[e][ours].Nanoseconds()) / float64(f.series)
}

// aims compares the figures with what the exporter is meant to reach. What the run does not
// measure is left out.
func aims(all []*figures) string {
	var b strings.Builder
	add := func(aim, format string, measured, limit float64) {
		mark := ""
		if measured > limit {
			mark = " **(missed)**"
		}
		fmt.Fprintf(&b, "- "+aim+": measured "+format+"%s\n", limit, measured, mark)
	}
	ratio := func(f *figures, e encoding, rival int) float64 {
		return f.took[e][ours].Seconds() / f.took[e][rival].Seconds()
	}
	var at400 *figures
	var grown [encodings]float64
	for _, f := range all {
		switch f.ports {
		case 400:
			at400 = f
		case 2_000:
			add("2,000 ports, plain: at most %v times as long as from memory", "%.2f", ratio(f, plain, memory), 2)
			add("2,000 ports, gzip: at most %v times as long as promhttp", "%.2f", ratio(f, compressed, library), 0.2)
			add("2,000 ports: at most %v MiB of memory", "%.0f", f.resident, 100)
		case 10_000:
			add("10,000 ports: at most %v MiB of memory", "%.0f", f.resident, 400)
		}
		if at400 != nil && f.ports > 400 {
			for e := range encodings {
				grown[e] = max(grown[e], f.perSeries(e)/at400.perSeries(e))
			}
		}
	}
	for e, name := range []string{"plain", "gzip"} {
		if grown[e] > 0 {
			add(name+": in larger fleets a series takes at most %v times as long as with 400 ports", "%.2f", grown[e], 1.1)
		}
	}
	return b.String()
}

// day says what the fleet costs in a day, with the default configuration and scrapes every
// 15 seconds.
func (f *figures) day() string {
	const seconds, every, logins = 24 * 60 * 60, 15, 24
	calls := f.callsPerCycle*seconds/defaults.traffic.Seconds() + logins
	const scrapes = seconds / every
	// A call costs more than in the first cycle, where nothing scraped: the next scrape makes
	// the text of what it has changed.
	w, scrape := f.watched, f.scrape[compressed].cpu
	call := max(f.call.cpu, (w.cpu-w.scrapes*scrape)/max(1, w.calls))
	polling, scraping := calls*call, scrapes*scrape
	perPort := func(n int) float64 { return float64(n) / float64(f.ports) }
	var b strings.Builder
	fmt.Fprintf(&b, "\nA day of %d ports with the default configuration, scraped every %d s with gzip:\n\n", f.ports, every)
	fmt.Fprintf(&b, "- API calls: %.1f in %v, as the exporter announces, and a login an hour: %.0f\n", f.callsPerCycle, defaults.traffic, calls)
	fmt.Fprintf(&b, "- CPU: %.0f calls × %s + %d scrapes × %s = %.0f s + %.0f s = %.0f s, %.2f %% of one core\n",
		calls, ms(call), scrapes, ms(scrape), polling, scraping, polling+scraping, 100*(polling+scraping)/seconds)
	fmt.Fprintf(&b, "- a call costs what is left of %.2f s of CPU for %.0f calls and %.0f scrapes in %.1f s without the scrapes, or what it did in the first cycle if that is more\n",
		w.cpu, w.calls, w.scrapes, w.time.Seconds())
	fmt.Fprintf(&b, "- memory: %s\n", mib(f.resident))
	fmt.Fprintf(&b, "- sent to Prometheus: %d scrapes × %s = %.0f MiB\n", scrapes, kib(f.bytes[compressed]), float64(scrapes*f.bytes[compressed])/(1<<20))
	fmt.Fprintf(&b, "- for each port: %.1f series, %.1f KiB of an answer, %.1f KiB with gzip\n",
		perPort(f.portSeries), perPort(f.bytes[plain])/1024, perPort(f.bytes[compressed])/1024)
	return b.String()
}

// processor is the model of the processor, as Linux names it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(info); err == nil && m != nil {
		return string(m[1])
	}
	return "an unnamed processor"
}

func ms(seconds float64) string { return short(1e3*seconds) + " ms" }
func ns(v float64) string       { return fmt.Sprintf("%.0f ns", v) }
func kib(bytes int) string      { return fmt.Sprintf("%.0f KiB", float64(bytes)/1024) }
func mib(v float64) string      { return fmt.Sprintf("%.0f MiB", v) }

// short has three digits, or all in front of the point.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// table is rows of cells, the first of them the heads of columns.
type table [][]string

// String is the table in Markdown, aligned for those who read it in a terminal.
func (t table) String() string {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range t {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %*s ", width[i], cell)
		}
		b.WriteString("|\n")
		if n == 0 {
			for i := range row {
				b.WriteString("|" + strings.Repeat("-", width[i]+1) + ":")
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}
