package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// keptAlive is a scraper with a connection of its own, that it has had since
// before the trouble.
type keptAlive struct {
	http.Client

	base string
}

func (k *keptAlive) ask(t *testing.T, method, path string) *answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, k.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := k.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &answer{resp.StatusCode, resp.Header, body}
}

// lost is how many calls of the API were lost on the way.
func (k *keptAlive) lost(t *testing.T) (n float64) {
	t.Helper()
	families := parseText(t, k.ask(t, http.MethodGet, "/metrics").body)
	for s, v := range values(families, only(prefix+"api_errors_total")) {
		if strings.Contains(s, `reason="transport"`) {
			n += v
		}
	}
	return n
}

// limitFiles leaves a process so many file descriptors.
func limitFiles(t *testing.T, pid int, n uint64) {
	t.Helper()
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: n}, nil); err != nil {
		t.Fatal(err)
	}
}

// Clients that take every file descriptor end the polling and keep others out
// while they are there, are spoken of in the log a few times, and nothing more.
func TestPressureNoFileDescriptorIsLeft(t *testing.T) {
	t.Parallel()
	x, api := pressSlowly(t)
	k := &keptAlive{http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}, Timeout: patience}, x.base}
	defer k.CloseIdleConnections()
	_ = k.lost(t)
	api.Config.SetKeepAlivesEnabled(false) // each call wants a descriptor
	limitFiles(t, x.cmd.Process.Pid, uint64(x.gauge(t, "process_open_fds"))+5)
	// More than are free once the calls under way have closed theirs: each is cut off after
	// 10s without a header, and the next one takes its descriptor.
	var greedy []net.Conn
	for range 500 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", x.host) // the kernel takes it
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		greedy = append(greedy, c)
	}
	eventually(t, func() error {
		if log := x.stderr.String(); !strings.Contains(log, "accept4: too many open files") {
			return fmt.Errorf("nothing is logged")
		}
		if n := k.lost(t); n < 3 {
			return fmt.Errorf("only %v calls are lost", n)
		}
		return nil
	})
	if a := k.ask(t, http.MethodPost, "/-/reload"); a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "too many open files") {
		t.Errorf("reload: %d %s", a.status, a.body)
	}
	if a := k.ask(t, http.MethodGet, "/-/healthy"); a.status != http.StatusOK {
		t.Errorf("not healthy, though a restart would mend nothing: %s", a.body)
	}
	for _, c := range greedy {
		_ = c.Close()
	}
	eventually(t, func() error { // over a new connection
		if a, err := ask(t, http.MethodPost, x.base+"/-/reload", nil); err != nil || a.status != http.StatusOK {
			return fmt.Errorf("reload: %v %w", a, err)
		}
		return nil
	})
	eventually(t, func() error { // the reload has spared them a minute
		for s, v := range values(scrapeOnce(t, x.base), only(prefix+"port_poll_success", prefix+"up")) {
			if v != 1 {
				return fmt.Errorf("%s is %v", s, v)
			}
		}
		return nil
	})
	// An accept that fails, the reload, and a first failure of each kind of poll.
	if n := strings.Count(x.stderr.String(), "too many open files"); n > 8 {
		t.Errorf("said %d times", n)
	}
}

// pressSlowly is press with ports that are polled all the time, some each second.
func pressSlowly(t *testing.T) (*pressed, *minimalAPI) {
	t.Helper()
	const ports = 200
	api := newMinimalAPI(t, manyPorts(ports), oneEach(ports))
	config := pressedConfig(api.URL, ports, "port-") + "poll: {interval: 1m}\n"
	x := startPressed(t, write(t, t.TempDir(), "config.yml", config))
	full(t, x.base, 0)
	return x, api
}
