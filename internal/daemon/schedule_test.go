package daemon_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// estate is n ports with so many connections on the first, each of them ACTIVE.
func estate(ports, connections int) *fabrictest.Fleet {
	var f fabrictest.Fleet
	demo := fabrictest.Demo(1)
	uuid := func(kind, i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", kind, i) }
	for i := range ports {
		p := demo.Ports[0]
		p.UUID, p.Name, p.Group, p.Priority = uuid(1, i), fmt.Sprintf("port-%d", i), "", ""
		p.Links = []fabrictest.Link{{UUID: uuid(2, i)}}
		f.Ports = append(f.Ports, p)
	}
	active := demo.Connections[slices.IndexFunc(demo.Connections, func(c fabrictest.Connection) bool { return c.State == "ACTIVE" })]
	for i := range connections {
		c := active
		c.UUID, c.Name = uuid(3, i), fmt.Sprintf("connection-%d", i)
		c.ASide.Port, c.ZSide.Port = f.Ports[0].UUID, ""
		f.Connections = append(f.Connections, c)
	}
	return &f
}

// all watches every port that the credentials see, and every connection.
func all(more string) string {
	return fmt.Sprintf("accounts:\n  - {name: prod, client_id: %s, client_secret: %s, traffic_source: v4-stats, discover: {enabled: true}, connections: {traffic: true, max: 1000}}\n",
		fabrictest.DemoClientID, fabrictest.DemoClientSecret) + more
}

// sent are the times of the requests of an operation since the first request of all.
func sent(api *fabrictest.API, op string) (after []time.Duration) {
	requests := api.Requests()
	slices.SortStableFunc(requests, func(a, b fabrictest.Request) int { return a.Time.Compare(b.Time) })
	for _, r := range requests {
		if r.Op == op {
			after = append(after, r.Time.Sub(requests[0].Time))
		}
	}
	return after
}

// pollsOf are the times of the polls of each port, by the path of the request.
func pollsOf(api *fabrictest.API) map[string][]time.Time {
	polls := map[string][]time.Time{}
	for _, r := range api.Requests() {
		if r.Op == fabrictest.OpPortStatsV4 {
			polls[r.Path] = append(polls[r.Path], r.Time)
		}
	}
	return polls
}

// shown is how many ports have a last rate.
func (e *exporter) shown(t *testing.T) (n int) {
	for name := range e.series(t) {
		if strings.HasPrefix(name, "port_traffic_last_bytes_per_second{") && strings.Contains(name, `direction="inbound"`) {
			n++
		}
	}
	return n
}

// The first round is as fast as the budget allows: 60 ports, a listing, a search and a
// login at two a second.
func TestTheFirstRoundTakesTheWholeBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(60, 0)})
		e, stop := start(t, api.Transport(), text(all("api: {requests_per_second: 2, burst: 2}\n")))
		defer stop()
		time.Sleep(40 * time.Second)
		if n := e.shown(t); n != 60 {
			t.Errorf("%d ports are shown after 40s", n)
		}
		times := sent(api, fabrictest.OpPortStatsV4)
		if last := times[59]; last > 35*time.Second {
			t.Errorf("the last of 60 ports was asked about after %v", last)
		}
		if first := sent(api, fabrictest.OpSearchConnections)[0]; first > 2*time.Second {
			t.Errorf("the search waited %v behind the traffic of ports", first)
		}
	})
}

// A round of 80 ports takes 400 s if each answer takes 10 s and two may be under way. The
// interval says so from the first answers on, nothing goes stale, and the log names the
// setting.
func TestASlowAPIMakesALongerRoundAndNoGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(80, 0)})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV4, Delay: 10 * time.Second})
		e, stop := start(t, api.Transport(), text(all("api: {concurrency: 2}\npoll: {interval: 1m}\n")))
		time.Sleep(time.Minute)
		interval := func() float64 { return e.series(t)[`poll_interval_seconds{account="prod",class="traffic"}`] }
		if got := interval(); got < 390 || got > 410 {
			t.Errorf("after a minute the interval is %v s, and a round takes 400", got)
		}
		time.Sleep(6 * time.Minute)
		for minute := range 60 {
			if n := e.shown(t); n != 80 {
				t.Fatalf("minute %d: %d of 80 ports are shown", minute+7, n)
			}
			time.Sleep(time.Minute)
		}
		if got := interval(); got < 390 || got > 440 {
			t.Errorf("after an hour the interval is %v s, and a round takes 400", got)
		}
		stop()
		const remedy = "raise api.concurrency from 2 to 14, because the API answers slowly, or all poll intervals by the factor 6.69 (poll.interval to 6m41s)"
		if !strings.Contains(e.log.String(), remedy) {
			t.Errorf("no remedy in the log: %s", e.log.String())
		}
	})
}

// Budget and slowness together: both settings are named, with what they have to be.
func TestASlowAPIWithASmallBudgetNamesBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(80, 0)})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV4, Delay: 10 * time.Second})
		e, stop := start(t, api.Transport(), text(all("api: {concurrency: 2, requests_per_second: 1}\npoll: {interval: 1m}\n")))
		time.Sleep(2 * time.Minute)
		stop()
		const remedy = "raise api.requests_per_second from 1 to 1.5 and raise api.concurrency from 2 to 14, because the API answers slowly"
		if !strings.Contains(e.log.String(), remedy) {
			t.Errorf("no remedy in the log: %s", e.log.String())
		}
	})
}

// The traffic of 300 connections wants many times the budget. It has a tenth of the
// requests from the start, and ports, which leave it no more, keep their interval.
func TestConnectionsHaveATenthFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(150, 300)})
		_, stop := start(t, api.Transport(), text(all("api: {requests_per_second: 0.5, burst: 4}\n")))
		defer stop()
		time.Sleep(4 * time.Minute)
		ports, connections := len(sent(api, fabrictest.OpPortStatsV4)), len(sent(api, fabrictest.OpConnectionStatsV4))
		if share := float64(connections) / float64(ports+connections); share < 0.09 || share > 0.15 {
			t.Errorf("%d calls about ports and %d about connections", ports, connections)
		}
	})
}

// Connections are due all the time; a port that becomes due waits for no more than the
// request that is under way and the tenth that connections have.
func TestPortsGoBeforeConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(10, 300)})
		_, stop := start(t, api.Transport(), text(all("api: {requests_per_second: 0.5, burst: 1}\n")))
		defer stop()
		time.Sleep(2 * time.Hour)
		polls := pollsOf(api)
		late := time.Duration(0)
		for _, times := range polls {
			for i := 2; i < len(times); i++ { // the first gap leads to the place in the interval
				late = max(late, times[i].Sub(times[i-1])-5*time.Minute)
			}
		}
		// Two ports may be due at once, with up to 10 s of jitter each; a call takes 2 s.
		if len(polls) != 10 || late > 10*time.Second+4*2*time.Second {
			t.Errorf("%d ports; one was polled %v late", len(polls), late)
		}
	})
}

// One port of a hundred never answers in time: the others are polled as if it did.
func TestOneSickPortCostsTheOthersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := estate(100, 0)
		api := fabrictest.New(fabrictest.Options{Fleet: fleet})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV4, UUID: fleet.Ports[50].UUID, Delay: time.Hour})
		e, stop := start(t, api.Transport(), text(all("")))
		defer stop()
		time.Sleep(10 * time.Minute)
		for minute := range 50 {
			if n := e.shown(t); n != 99 {
				t.Fatalf("minute %d: %d of 99 ports are shown", 10+minute, n)
			}
			time.Sleep(time.Minute)
		}
		s := e.series(t)
		if got := s[`poll_interval_seconds{account="prod",class="traffic"}`]; got != 300 {
			t.Errorf("the interval is %v s", got)
		}
		for path, times := range pollsOf(api) {
			if n := len(times); !strings.Contains(path, fleet.Ports[50].UUID) && (n < 11 || n > 14) {
				t.Errorf("%s was polled %d times in an hour", path, n)
			}
		}
	})
}

// A reload in the middle of a round keeps the place of each port: no port is polled twice
// within the interval, and none is left out.
func TestAReloadInMidRoundKeepsThePlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(60, 0)})
		config := text(all(""))
		e, stop := start(t, api.Transport(), config)
		time.Sleep(17*time.Minute + 30*time.Second)
		for range 3 {
			if err := e.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(70 * time.Second)
		}
		time.Sleep(20 * time.Minute)
		stop()
		polls := pollsOf(api)
		for path, times := range polls {
			for i := 2; i < len(times); i++ {
				if gap := times[i].Sub(times[i-1]); math.Abs(gap.Seconds()-300) > 15 {
					t.Errorf("%s: polled after %v, %v into the run", path, gap, times[i].Sub(times[0]))
				}
			}
		}
	})
}

// The first round fills the request budget for minutes, and the API answers at once: the
// intervals hold, and the log says nothing of slowness.
func TestABusyStartIsNoSlowAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{Fleet: estate(400, 250)})
		e, stop := start(t, api.Transport(), text(all("")))
		for range 12 {
			time.Sleep(30 * time.Second)
			for _, class := range []string{"traffic", "connection_traffic"} {
				if got := e.series(t)[`poll_interval_seconds{account="prod",class="`+class+`"}`]; got != 300 {
					t.Errorf("%s: %v s", class, got)
				}
			}
		}
		stop()
		if strings.Contains(e.log.String(), "poll intervals are too short") {
			t.Error("the log warns of short intervals")
		}
	})
}

// One port of the sample never answers: the others are shown within seconds.
func TestOneSickPortDelaysNoStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := estate(100, 0)
		api := fabrictest.New(fabrictest.Options{Fleet: fleet})
		api.Inject(fabrictest.Fault{Op: fabrictest.OpPortStatsV3, UUID: fleet.Ports[50].UUID, Delay: time.Hour})
		e, stop := start(t, api.Transport(), text(strings.Replace(all("api: {timeout: 5m}\n"), "traffic_source: v4-stats, ", "", 1)))
		defer stop()
		time.Sleep(45 * time.Second)
		if n := e.shown(t); n != 99 {
			t.Errorf("%d of 99 ports are shown", n)
		}
	})
}
