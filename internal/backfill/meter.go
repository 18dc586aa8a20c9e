package backfill

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// meter shows how far a backfill is: a bar on a terminal, else a log line every ten seconds.
type meter struct {
	mu       sync.Mutex
	began    time.Time
	requests int // in all, 0 until that is known
	done     int
	points   int
}

// begin notes how many requests there will be.
func (m *meter) begin(requests int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.began, m.requests = time.Now(), requests
}

// step notes the answer to a request.
func (m *meter) step(points int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done++
	m.points += points
}

// show shows until stop is called.
func (m *meter) show(w io.Writer, terminal bool, log *slog.Logger) (stop func()) {
	every := 10 * time.Second
	if terminal {
		every = time.Second / 2
	}
	done := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				if terminal {
					fmt.Fprint(w, "\r\033[K") // the report takes the place of the bar
				}
				return
			case <-tick.C:
			}
			if terminal {
				fmt.Fprint(w, "\r\033[K"+m.bar())
			} else {
				m.log(log)
			}
		}
	})
	return func() {
		close(done)
		showing.Wait()
	}
}

const polling = "polling each port once, to learn its name and its traffic source"

func (m *meter) bar() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == 0 {
		return polling
	}
	const width = 30
	full := width * m.done / m.requests
	digits, prefix := human.Scale(float64(m.points))
	return fmt.Sprintf("%3d%% %s%s %d of %d requests, %s%s points, %s left", 100*m.done/m.requests,
		strings.Repeat("█", full), strings.Repeat("░", width-full), m.done, m.requests, digits, prefix, m.left())
}

func (m *meter) log(log *slog.Logger) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.requests == 0 {
		log.Info(polling)
		return
	}
	log.Info("backfill goes on", "requests_done", m.done, "requests", m.requests, "points", m.points, "time_left", m.left())
}

// left is the time that the other requests take if they are as fast as those that are done.
func (m *meter) left() string {
	if m.done == 0 {
		return "?"
	}
	return human.Duration(time.Since(m.began) / time.Duration(m.done) * time.Duration(m.requests-m.done))
}
