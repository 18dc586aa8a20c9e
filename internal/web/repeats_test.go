package web_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// A scanner that knocks on the TLS port in plain text, from a port of its own
// each time, must not fill the log.
func TestTheSameTroubleIsNotLoggedForEachConnection(t *testing.T) {
	l, err := web.Listen(t.Context(), flags(webConfig(t, true)))
	if err != nil {
		t.Fatal(err)
	}
	var log lines
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, http.NotFoundHandler(), slog.New(slog.NewTextHandler(&log, nil))) }()
	for range 50 {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
		_, _ = c.Read(make([]byte, 1)) // until it has been refused
		_ = c.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "TLS handshake error"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}
