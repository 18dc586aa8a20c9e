package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slowAPI is an API of which one route, by the beginning of its path, sends
// headers and half an answer and then nothing. It tells of each such call.
func slowAPI(t *testing.T, ports int, route string) (url string, asked <-chan struct{}) {
	t.Helper()
	sound := newMinimalAPI(t, manyPorts(ports), oneEach(ports))
	calls := make(chan struct{}, 10_000)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, route) {
			sound.Config.Handler.ServeHTTP(w, r)
			return
		}
		calls <- struct{}{}
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"capacity": 1`)
		_ = http.NewResponseController(w).Flush()
		<-t.Context().Done()
	}))
	t.Cleanup(api.Close)
	return api.URL, calls
}

// await waits for a call.
func await(t *testing.T, asked <-chan struct{}) {
	t.Helper()
	select {
	case <-asked:
	case <-time.After(patience):
		t.Fatal("the API is not asked")
	}
}

// stopsWell sends so many SIGTERMs and expects a clean end.
func (p *pressed) stopsWell(t *testing.T, signals int) {
	t.Helper()
	for range signals {
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // the kernel merges signals that wait
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if log := p.stderr.String(); !strings.Contains(log, "msg=stopped") {
		t.Error("it does not say that it stopped")
	}
}

func pressStopsInEveryPhase(t *testing.T) {
	begin := func(t *testing.T, ports int, route string) (*pressed, <-chan struct{}) {
		url, asked := slowAPI(t, ports, route)
		config := pressedConfig(url, ports, strings.Repeat("long", 50))
		return startPressed(t, write(t, t.TempDir(), "config.yml", config)), asked
	}
	for name, phase := range map[string]func(t *testing.T){
		"before the first login": func(t *testing.T) {
			x, _ := begin(t, 20, "/nowhere")
			x.stopsWell(t, 1)
		},
		"in a login": func(t *testing.T) {
			x, asked := begin(t, 20, "/oauth2")
			await(t, asked)
			x.stopsWell(t, 1)
		},
		"in a slow answer": func(t *testing.T) {
			x, asked := begin(t, 20, "/ecx/v3/stats")
			await(t, asked)
			x.stopsWell(t, 1)
		},
		"in a login, thrice": func(t *testing.T) {
			x, asked := begin(t, 20, "/oauth2")
			await(t, asked)
			x.stopsWell(t, 3)
		},
		"in the first cycle": func(t *testing.T) {
			x, asked := begin(t, 400, "/fabric/v4/connections")
			await(t, asked)
			x.stopsWell(t, 1)
		},
		"during a reload": func(t *testing.T) {
			x, asked := begin(t, 20, "/oauth2")
			await(t, asked)
			// The login is closed for a new client, and that takes its time.
			faster := strings.Replace(pressedConfig("http://127.0.0.1:1", 20, "port-"), "burst: 10000", "burst: 9999", 1)
			write(t, filepath.Dir(x.config), "config.yml", faster)
			if err := x.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			x.stopsWell(t, 1)
		},
		"with readers who never read": func(t *testing.T) {
			x, _ := begin(t, 250, "/nowhere")
			full(t, x.base, 0)
			for range 20 {
				stuckReader(t, x.host, "/metrics")
				stuckReader(t, x.host, "/")
			}
			x.stuck(t, 4)
			x.stopsWell(t, 2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			phase(t)
		})
	}
}

// A scrape that is under way when the signal comes is answered to its end.
func pressStopsAfterTheScrapeUnderWay(t *testing.T) {
	x, _ := press(t, 250, strings.Repeat("long", 50))
	c := stuckReader(t, x.host, "/metrics")
	x.stuck(t, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		x.stopsWell(t, 1)
	}()
	eventually(t, func() error {
		if a, err := ask(t, http.MethodGet, x.base+"/-/healthy", nil); err == nil {
			return fmt.Errorf("the door is not closed: %d", a.status)
		}
		return nil
	})
	for r, n := bufio.NewReader(c), 0; ; n++ {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			if n == 0 {
				t.Error(err)
			}
			break // after a whole answer
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Contains(text, []byte("\npromhttp_metric_handler_requests_total")) {
			t.Errorf("%d bytes of scrape %d: %v", len(text), n, err)
			break
		}
	}
	<-stopped
}
