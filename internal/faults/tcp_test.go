package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"
)

// generous is beyond what an honest call takes on the busiest machine.
const generous = time.Minute

// What the catalogue only says to a transport, as the network says it.
func TestFaultsOfTheNetworkItself(t *testing.T) {
	for _, tt := range []struct {
		name  string
		begin func(*testing.T, *line)
	}{
		{"refused", func(t *testing.T, l *line) { l.connect(l.tcp(deaf(t))) }},
		{"dns-gone", func(t *testing.T, l *line) {
			d := &net.Dialer{Resolver: nameless(t)}
			l.connect(func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, "tcp", "api.example.com.:443") })
		}},
		{"tls-failure", func(_ *testing.T, l *line) {
			l.way.Swap(l.transport(false)).CloseIdleConnections()
			l.srv.CloseClientConnections()
		}},
		{"no TLS", func(t *testing.T, l *line) {
			srv := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(srv.Close)
			l.connect(l.tcp(srv.Listener.Addr().String()))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := dialOut(t, generous)
			before := l.series(t)
			tt.begin(t, l)
			l.failing(t, "transport", before)
			l.connect(l.tcp(l.srv.Listener.Addr().String()))
			l.way.Swap(l.transport(true)).CloseIdleConnections()
			l.await(t, "all is well again", l.well)
		})
	}
}

// deaf is an address that nobody listens at, and nobody else can take.
func deaf(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().String()
}

// nameless asks a server that knows no name.
func nameless(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		b := make([]byte, 1<<10)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			const response, noSuchName = 0x80, 3
			b[2] |= response
			b[3] = b[3]&0xf0 | noSuchName
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// switchOn asks the control endpoint, as one would by hand.
func (l *line) switchOn(t *testing.T, fault string) {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"fault": fault})
	resp, err := l.srv.Client().Post(l.srv.URL+"/control/faults", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatal(resp.Status)
	}
}

func (l *line) switchOff(t *testing.T) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodDelete, l.srv.URL+"/control/faults", nil)
	resp, err := l.srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestFaultsOverTCP(t *testing.T) {
	for _, tt := range []struct {
		fault, reason string
		timeout       time.Duration
	}{
		{"slow-headers", "timeout", time.Second},
		{"slow-body", "timeout", time.Second},
		{"dropped", "transport", generous},
		{"cut-body", "transport", generous},
		{"truncated-json", "decode", generous},
		{"html", "decode", generous},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			l := dialOut(t, tt.timeout)
			before := l.series(t)
			l.switchOn(t, tt.fault)
			l.failing(t, tt.reason, before)
			l.switchOff(t)
			l.await(t, "all is well again", l.well)
		})
	}
}

// bodyLimit is what the exporter reads of an answer at the most.
const bodyLimit = 8 << 20 // in its buffer, of which up to a kilobyte stays free

// Four calls at a time meet an answer without end. Each of them reads no more
// than the limit.
func TestEndlessAnswersAreReadToTheLimit(t *testing.T) {
	for _, fault := range []string{"gzip-bomb", "huge-body"} {
		t.Run(fault, func(t *testing.T) { // not in parallel: it looks at the memory
			l := dialOut(t, generous)
			before := l.series(t)
			stop := make(chan struct{})
			peak := make(chan uint64)
			runtime.GC()
			base := heap()
			go func() {
				highest := uint64(0)
				for {
					select {
					case <-stop:
						peak <- highest
						return
					case <-time.After(20 * time.Millisecond):
						runtime.GC() // what is kept, not what waits to be collected
						highest = max(highest, heap())
					}
				}
			}()
			l.switchOn(t, fault)
			l.failing(t, "decode", before)
			l.await(t, "of several at a time", func(now map[string]float64) bool {
				return errorCount(now, "decode") > errorCount(before, "decode")+6
			})
			close(stop)
			// Four buffers, each beside the half as large one that it is copied from, and
			// as much again for the API that sends it, which runs in this process.
			if kept, most := <-peak-base, uint64(2*4*2*bodyLimit); kept > most {
				t.Errorf("%d MiB are kept, want %d at the most", kept>>20, most>>20)
			}
			if n := l.read.largest(); n < bodyLimit-1<<10 || n > bodyLimit {
				t.Errorf("%d bytes of an answer were read, want %d at the most", n, bodyLimit)
			}
			l.switchOff(t)
			l.await(t, "all is well again", l.well)
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
