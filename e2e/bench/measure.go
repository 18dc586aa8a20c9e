package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// connectionsPerPort is how many connections a port of the fleet has, on average.
const connectionsPerPort = 2

// figures are what is measured of a fleet of one size.
type figures struct {
	ports, series, portSeries int // portSeries: without the exporter's own
	version                   string
	took                      [encodings][servers]time.Duration // medians of a scrape
	bytes                     [encodings]int
	scrape                    [encodings]cost

	cycle         time.Duration // from the start until everything was polled once
	call          cost          // of a call of the API, with a share of the start of the process
	peak          float64       // MiB, the most until everything was polled once
	resident      float64       // MiB, the most while polls and scrapes went on
	answersPerSec float64       // about ports, meanwhile
	duringPolls   time.Duration // median of a scrape meanwhile
	watched       watched       // all that happened meanwhile
	callsPerCycle float64       // with the default configuration, as the exporter announces them
}

// cost is what one scrape or one call costs the exporter.
type cost struct{ cpu, allocations float64 } // seconds, number

// watched is what an exporter has done in some time, and the CPU seconds that it took.
type watched struct {
	time                time.Duration
	calls, scrapes, cpu float64
}

// measure runs an exporter of a simulated fleet. It looks at it through /metrics and /proc
// only.
func measure(ctx context.Context, o options, ports int) (*figures, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	generated := fabrictest.Generate(1, ports, connectionsPerPort*ports)
	api := fabrictest.New(fabrictest.Options{Fleet: &generated, PagePorts: true, RequestLog: -1})
	address, closeAPI, err := serve(ctx, api)
	if err != nil {
		return nil, err
	}
	defer closeAPI()
	began := time.Now()
	x, err := start(ctx, o.exporter, dir, address)
	if err != nil {
		return nil, err
	}
	defer x.stop()
	f := &figures{ports: ports, cycle: time.Since(began)}
	for _, step := range []func(context.Context, options, *exporter) error{
		f.firstCycle, f.watchPolls, pausePolls, f.compare, f.spend,
	} {
		if err := step(ctx, o, x); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// state is what the exporter says about its own work so far.
type state struct {
	cpu, allocations float64 // seconds, number
	calls, answers   float64 // of the API; answers about the traffic of ports
}

// stateIn reads the state from an answer. It is an error if a call has failed.
func stateIn(text []byte) (s state, err error) {
	var failed float64
	for family, v := range map[string]*float64{
		"equinix_fabric_api_errors_total":   &failed,
		"process_cpu_seconds_total":         &s.cpu,
		"go_memstats_mallocs_total":         &s.allocations,
		"equinix_fabric_api_requests_total": &s.calls,
		`equinix_fabric_api_requests_total{account="default",code="200",operation="v3_port_stats"}`: &s.answers,
	} {
		if *v, _, err = sum(text, family); err != nil {
			return s, err
		}
	}
	if failed > 0 {
		err = fmt.Errorf("%v calls of the simulated API have failed", failed)
	}
	return s, err
}

// state reads the state from the last answer.
func (c *client) state(e encoding) (state, error) {
	text, err := c.text(e)
	if err != nil {
		return state{}, err
	}
	return stateIn(text)
}

// firstCycle reads what the polls of everything, once, have cost, and what the exporter
// announces for a day.
func (f *figures) firstCycle(ctx context.Context, _ options, x *exporter) (err error) {
	if f.peak, err = x.peak(); err != nil {
		return err
	}
	c := client{accept: asPrometheus}
	if _, err := c.scrape(ctx, x.url, compressed); err != nil {
		return err
	}
	text, err := c.text(compressed)
	if err != nil {
		return err
	}
	s, err := stateIn(text)
	if err != nil {
		return err
	}
	f.call = cost{s.cpu / s.calls, s.allocations / s.calls}
	f.callsPerCycle, _, err = sum(text, "equinix_fabric_poll_calls_per_cycle")
	return err
}

// watchPolls scrapes the exporter once a second, as Prometheus would, while it polls.
func (f *figures) watchPolls(ctx context.Context, o options, x *exporter) error {
	// As many polls of ports a second as 10,000 of them have with the default interval,
	// or as many as the shortest interval of the configuration gives.
	const perPort = 30 * time.Millisecond
	more := defaults
	more.traffic = max(time.Minute, time.Duration(f.ports)*perPort)
	if err := x.reload(ctx, more); err != nil {
		return err
	}
	// A port is due again a quarter of the interval after its last poll, at the earliest.
	allDue := time.Now().Add(more.traffic / 4)
	c := client{accept: asPrometheus}
	var began, asked time.Time // the first scrape after allDue with a new answer in it, and the latest one
	var first, now state
	var took []time.Duration
	for tick := time.Tick(time.Second); len(took) == 0 || asked.Sub(began) < o.polling; <-tick {
		asked = time.Now()
		d, err := c.scrape(ctx, x.url, compressed)
		if err != nil {
			return err
		}
		if !began.IsZero() {
			took = append(took, d)
			continue
		}
		before := now
		if now, err = c.state(compressed); err != nil {
			return err
		}
		if asked.After(allDue) && now.answers > before.answers {
			began, first = asked, now
		}
	}
	w := watched{time: asked.Sub(began), scrapes: float64(len(took))}
	last, err := c.state(compressed)
	if err != nil {
		return err
	}
	w.calls, w.cpu = last.calls-first.calls, last.cpu-first.cpu
	f.watched, f.duringPolls, f.answersPerSec = w, median(took), (last.answers-first.answers)/w.time.Seconds()
	f.resident, err = x.peak()
	return err
}

// pausePolls returns once the exporter has nothing to poll for some minutes.
func pausePolls(ctx context.Context, _ options, x *exporter) error {
	if err := x.reload(ctx, longest); err != nil {
		return err
	}
	c := client{accept: asPrometheus}
	for calls := -1.0; ; <-time.After(time.Second) {
		if _, err := c.scrape(ctx, x.url, compressed); err != nil {
			return err
		}
		now, err := c.state(compressed)
		if err != nil || now.calls == calls { // a reload repeats listings and searches
			return err
		}
		calls = now.calls
	}
}

// describe reads what does not change from an answer. It is an error if a port is missing.
func (f *figures) describe(text []byte) error {
	for _, subject := range []string{"port", "pair"} {
		f.portSeries += bytes.Count(text, []byte("\nequinix_fabric_"+subject+"_"))
	}
	if m := buildInfo.FindSubmatch(text); m != nil {
		f.version = fmt.Sprintf("%s built with %s", m[2], m[1])
	}
	const directions = 2
	_, rates, err := sum(text, "equinix_fabric_port_traffic_last_bytes_per_second")
	if err == nil && rates != directions*f.ports {
		err = fmt.Errorf("the exporter shows the traffic of %d ports, not %d", rates/directions, f.ports)
	}
	return err
}

// buildInfo has the version of Go and of the exporter, in this order.
var buildInfo = regexp.MustCompile(`(?m)^equinix_fabric_exporter_build_info{.*goversion="([^"]*)".*version="([^"]*)"} `)

// spend repeats a scrape for some time in each encoding, and computes what one costs the
// exporter. Polls are paused, so what else is in it is the runtime's own work, such as the
// collection of garbage.
func (f *figures) spend(ctx context.Context, o options, x *exporter) error {
	for e := range encodings {
		var c client
		var before state
		const least = 5
		scrapes, began := -1.0, time.Now() // the first one is the state before
		for ; scrapes < least || time.Since(began) < o.spending; scrapes++ {
			if _, err := c.scrape(ctx, x.url, e); err != nil {
				return err
			}
			if scrapes < 0 {
				var err error
				if before, err = c.state(e); err != nil {
					return err
				}
			}
		}
		after, err := c.state(e)
		if err != nil {
			return err
		}
		f.scrape[e] = cost{(after.cpu - before.cpu) / scrapes, (after.allocations - before.allocations) / scrapes}
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
