package web_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// lasts reads conn to its end and returns how long that took, and what came.
func lasts(t *testing.T, conn net.Conn) (time.Duration, string) {
	t.Helper()
	start := time.Now()
	text, _ := io.ReadAll(conn) // however it ends
	return time.Since(start), string(text)
}

// trickle writes text to conn, a byte a second, for as long as it is read.
func trickle(conn net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}

func TestSlowClientsAreCutOff(t *testing.T) {
	endless := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name   string
		talk   func(net.Conn)
		after  time.Duration
		status string // of the answer; "" for none
	}{
		{"says nothing", func(net.Conn) {}, 10 * time.Second, ""},
		{"sends its header slowly", func(c net.Conn) { trickle(c, "GET / HTTP/1.1\r\nHost: x\r\nCookie: "+endless) }, 10 * time.Second, ""},
		{"sends its body slowly", func(c net.Conn) {
			if _, err := io.WriteString(c, "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"); err == nil {
				trickle(c, endless)
			}
		}, time.Minute, "403 Forbidden"},
		{"has nothing more to ask", func(c net.Conn) {
			_, _ = io.WriteString(c, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
		}, 3 * time.Minute, "200 OK"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, stop := pipeTo(t, web.Handler(newOptions(t, nil)))
				defer stop()
				conn := p.dial()
				var talking sync.WaitGroup
				talking.Go(func() { tt.talk(conn) })
				took, text := lasts(t, conn)
				if took < tt.after || took > tt.after+time.Second {
					t.Errorf("cut off after %v, want %v", took, tt.after)
				}
				if tt.status != "" && !strings.HasPrefix(text, "HTTP/1.1 "+tt.status) {
					t.Errorf("answered %q", text)
				}
				_ = conn.Close()
				talking.Wait()
			})
		})
	}
}

func TestReaderWhoNeverReadsIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		p, stop := pipeTo(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.WriteString(w, strings.Repeat("x", 1<<20))
			ended <- err
		}))
		defer stop()
		conn := p.dial()
		defer conn.Close()
		start := time.Now()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil || time.Since(start) != 2*time.Minute {
			t.Errorf("ended after %v: %v", time.Since(start), err)
		}
	})
}

// Connections that say nothing, or that ask and then keep theirs, keep no scrape
// out, however many there are.
func TestIdleConnectionsKeepNoScrapeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stop := pipeTo(t, web.Handler(newOptions(t, nil)))
		defer stop()
		ask := func(conn net.Conn) {
			t.Helper()
			if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			check(t, resp, http.StatusOK, "promhttp_metric_handler_requests_total")
		}
		var open []net.Conn
		for i := range 2000 {
			conn := p.dial()
			defer conn.Close()
			if i%2 == 0 {
				ask(conn)
			}
			open = append(open, conn)
		}
		synctest.Wait()
		began := time.Now()
		for range 55 {
			conn := p.dial()
			ask(conn)
			_ = conn.Close()
		}
		ask(open[0]) // the oldest was not closed to make room
		if took := time.Since(began); took != 0 {
			t.Errorf("55 scrapes took %v", took)
		}
	})
}

func TestLargeHeaderIsRefused(t *testing.T) {
	base := "http://" + serve(t, web.Handler(newOptions(t, nil)), flags(""))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for size, want := range map[int]int{60 << 10: http.StatusOK, 72 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/-/healthy", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cookie", strings.Repeat("x", size))
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		check(t, resp, want, "")
	}
}

// counting is a body of 16 MiB.
type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) {
	if c.n >= 16<<20 {
		return 0, io.EOF
	}
	c.n += len(p)
	return copy(p, strings.Repeat("+", len(p))), nil
}

func TestLargeBodyIsNotRead(t *testing.T) {
	o := newOptions(t, nil)
	o.Pprof = true
	h := web.Handler(o)
	for _, length := range []int64{1<<20 + 1, -1} {
		body := new(counting)
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/debug/pprof/symbol", body)
		req.ContentLength = length
		h.ServeHTTP(httptest.NewRecorder(), req)
		if body.n > 2<<20 {
			t.Errorf("length %d: %d bytes were read", length, body.n)
		}
	}
}
