package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestPressure has the machine to itself as far as this package goes.
func TestPressure(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"fifty scrapers while reloading":   pressFiftyScrapersWhileReloading,
		"readers who never read":           pressReadersWhoNeverRead,
		"a thousand reloads":               pressAThousandReloads,
		"stops in every phase":             pressStopsInEveryPhase,
		"stops after the scrape under way": pressStopsAfterTheScrapeUnderWay,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// manyPorts are so many ports with the traffic of uplink.
func manyPorts(n int) map[string]port {
	all, uplink := map[string]port{}, fixturePorts()[uplinkUUID]
	for i := range n {
		all[fmt.Sprintf("c4d9350e-783c-83cd-1ce0-306a5c%06d", i)] = uplink
	}
	return all
}

// oneEach is a connection on each of them.
func oneEach(ports int) []connection {
	var all []connection
	for uuid := range manyPorts(ports) {
		all = append(all, connection{UUID: "eeeeeeee" + uuid[8:], State: "ACTIVE", Bandwidth: 50, ASide: newSide(uuid), ZSide: newSide(typoUUID)})
	}
	return all
}

// pressed is an exporter that watches many ports.
type pressed struct {
	*exporter
	base, host, config string
}

// press starts an exporter and waits until it has polled its ports, whose names
// begin with a prefix.
func press(t *testing.T, ports int, prefix string) (*pressed, *minimalAPI) {
	t.Helper()
	api := newMinimalAPI(t, manyPorts(ports), oneEach(ports))
	x := startPressed(t, write(t, t.TempDir(), "config.yml", pressedConfig(api.URL, ports, prefix)))
	full(t, x.base, 0)
	return x, api
}

// pressedConfig watches many ports of the API at url, as fast as may be.
func pressedConfig(url string, ports int, prefix string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "api: {requests_per_second: 1000, burst: 10000, concurrency: 16}\naccounts:\n  - api_url: %s\n%s    ports:\n", url, indented(inFile))
	for uuid := range manyPorts(ports) {
		fmt.Fprintf(&b, "      - {uuid: %s, name: %s%s}\n", uuid, prefix, uuid)
	}
	return b.String()
}

// startPressed runs an exporter. The one of make race has the race detector, which
// fails the test when it finds something.
func startPressed(t *testing.T, config string, args ...string) *pressed {
	t.Helper()
	args = append([]string{"--config.file=" + config, "--web.listen-address=127.0.0.1:0", "--web.enable-reload", "--web.enable-pprof"}, args...)
	x := start(t, nil, args...)
	t.Cleanup(func() {
		if strings.Contains(x.stderr.String(), "DATA RACE") {
			t.Error("the race detector has found something")
		}
	})
	base := x.url(t)
	return &pressed{x, base, strings.TrimPrefix(base, "http://"), config}
}

var profiled = regexp.MustCompile(`goroutine profile: total (\d+)`)

// goroutines is how many there are.
func (p *pressed) goroutines(t *testing.T) int {
	t.Helper()
	m := profiled.FindSubmatch(mustAsk(t, http.MethodGet, p.base+"/debug/pprof/goroutine?debug=1", nil).body)
	if m == nil {
		t.Fatal("no profile of goroutines")
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

// gauge is the value of a family with a single series.
func (p *pressed) gauge(t *testing.T, name string) float64 {
	t.Helper()
	v, ok := values(scrapeOnce(t, p.base), only(name))[name+"{}"]
	if !ok {
		t.Fatalf("no %s", name)
	}
	return v
}

// heap is what the heap holds after a collection, in bytes.
func (p *pressed) heap(t *testing.T) float64 {
	t.Helper()
	for range 2 { // what pools hold survives one
		mustAsk(t, http.MethodGet, p.base+"/debug/pprof/heap?gc=1", nil)
	}
	return p.gauge(t, "go_memstats_heap_alloc_bytes")
}

// level is what an exporter uses at rest.
type level struct {
	goroutines int
	fds, heap  float64
}

func (p *pressed) level(t *testing.T) level {
	t.Helper()
	return level{p.goroutines(t), p.gauge(t, "process_open_fds"), p.heap(t)}
}

// settles waits until nothing of what has been since is left: no goroutine, no
// file descriptor, and no memory beyond what a scrape takes.
func (p *pressed) settles(t *testing.T, before level) {
	t.Helper()
	const slack = 4 << 20
	eventually(t, func() error {
		now := p.level(t)
		if now.goroutines > before.goroutines || now.fds > before.fds || now.heap > before.heap+slack {
			return fmt.Errorf("%+v is left, there was %+v", now, before)
		}
		return nil
	})
}

// stuckReader asks for a path several times, to fill the buffers of both ends,
// and reads nothing of the answers, before its test does.
func stuckReader(t *testing.T, host, path string) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	fmt.Fprint(c, strings.Repeat("GET "+path+" HTTP/1.1\r\nHost: exporter\r\n\r\n", 10))
	return c
}

// stuck waits until at least so many readers of /metrics are stuck.
func (p *pressed) stuck(t *testing.T, readers float64) {
	t.Helper()
	eventually(t, func() error {
		n := p.gauge(t, "promhttp_metric_handler_requests_in_flight") - 1 // this one
		if n < readers {
			return fmt.Errorf("%v scrapes are under way, want %v", n, readers)
		}
		return nil
	})
}
