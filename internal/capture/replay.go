package capture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Replay answers like the Equinix API did when an archive was written. Each account
// has its own address on loopback.
type Replay struct {
	manifest  Manifest
	apis      []*api
	listeners []net.Listener
}

// Open reads an archive and listens.
func Open(ctx context.Context, file string) (*Replay, error) {
	f, err := os.Open(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	manifest, exchanges, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r := &Replay{manifest: manifest}
	for _, es := range exchanges {
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.listeners = append(r.listeners, ln)
		r.apis = append(r.apis, newAPI(es, manifest.Taken))
	}
	return r, nil
}

// Close closes the listeners, unless Run has closed them.
func (r *Replay) Close() error {
	var errs []error
	for _, ln := range r.listeners {
		if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Run answers until ctx is done, and returns nil then.
func (r *Replay) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, ln := range r.listeners {
		srv := &http.Server{Handler: r.apis[i], ReadHeaderTimeout: 10 * time.Second}
		context.AfterFunc(ctx, func() { _ = srv.Close() })
		g.Go(func() error {
			if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	return g.Wait()
}

// Config is the configuration of an exporter that sends the recorded requests.
func (r *Replay) Config() (*config.Config, error) {
	var accounts []map[string]any
	for i, a := range r.manifest.Accounts {
		account := map[string]any{
			"name": fmt.Sprintf("account-%d", i+1), "api_url": "http://" + r.listeners[i].Addr().String(),
			"client_id": fmt.Sprintf("replay-%d", i+1), "client_secret": "replay",
			"traffic_source": a.TrafficSource, "discover": map[string]any{"enabled": a.Discover},
			"connections": map[string]any{"traffic": a.Connections, "all": a.All},
		}
		if len(a.Ports) > 0 {
			ports := []map[string]any{}
			for _, uuid := range a.Ports {
				ports = append(ports, map[string]any{"uuid": uuid})
			}
			account["ports"] = ports
		}
		accounts = append(accounts, account)
	}
	text, err := json.Marshal(map[string]any{ // JSON is YAML
		"accounts": accounts, "api": map[string]any{"requests_per_second": 100, "burst": 100, "max_retries": 0},
	})
	if err != nil {
		return nil, err
	}
	return config.Parse("replay.yml", text, ".", nil)
}

// Announce writes the addresses of the replayed APIs.
func (r *Replay) Announce(w io.Writer) {
	for i, ln := range r.listeners {
		fmt.Fprintf(w, "replayed API:  http://%s  (account %d of the capture, %d different calls)\n", ln.Addr(), i+1, len(r.apis[i].answers))
	}
	fmt.Fprintf(w, "Captured %s by version %s; its times are moved to now. A call that was not captured gets 503.\n",
		r.manifest.Taken.Format(time.RFC3339), r.manifest.Version)
}

// api answers the calls of one account.
type api struct {
	taken time.Time

	mu      sync.Mutex
	answers map[string][]Answer // by key; the last answer is repeated
}

func newAPI(es []Exchange, taken time.Time) *api {
	a := &api{taken: taken, answers: map[string][]Answer{}}
	for _, e := range es {
		k := key(e.Request.Method, e.Request.Path, e.Request.Query, e.Request.Body)
		a.answers[k] = append(a.answers[k], e.Answer)
	}
	return a
}

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return // the client is gone
	}
	// Not with 404, which would mean that the port, or the traffic source, no longer exists.
	answer := Answer{Status: http.StatusServiceUnavailable, Body: json.RawMessage(
		`[{"errorCode":"REPLAY","errorMessage":"This call was not captured"}]`)}
	k := key(r.Method, r.URL.Path, r.URL.Query(), body)
	a.mu.Lock()
	if next := a.answers[k]; len(next) > 0 {
		answer = next[0]
		if len(next) > 1 {
			a.answers[k] = next[1:]
		}
	}
	a.mu.Unlock()
	if answer.Status == 0 {
		panic(http.ErrAbortHandler) // the recorded call had no answer either
	}
	for name, values := range answer.Header {
		if name != "Date" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.Status)
	// In steps of five minutes, which keep the points aligned to their intervals.
	shift := time.Since(a.taken).Truncate(5 * time.Minute)
	_, _ = w.Write(moved(answer.Body, shift)) // the client may be gone
}

// timestamp is a time as v3 and v4 write it, with or without fractions of a second.
var timestamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?`)

// moved is body with all its times moved, so that recorded samples are current.
func moved(body []byte, by time.Duration) []byte {
	const layout = "2006-01-02T15:04:05"
	return timestamp.ReplaceAllFunc(body, func(text []byte) []byte {
		t, err := time.Parse(layout, string(text[:len(layout)]))
		if err != nil {
			return text
		}
		return append(t.Add(by).AppendFormat(nil, layout), text[len(layout):]...)
	})
}

// key identifies a request, without times and without the body of a login, which is
// replaced in an archive.
func key(method, path string, query url.Values, body []byte) string {
	if strings.HasSuffix(path, "/token") { // of Equinix, or of the token exchange
		return "login"
	}
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		compact.Reset()
	}
	asked := []string{}
	for name, values := range query {
		asked = append(asked, name+"="+strings.Join(values, ","))
	}
	slices.Sort(asked)
	return timestamp.ReplaceAllString(method+" "+path+"?"+strings.Join(asked, "&")+" "+compact.String(), "time")
}
