package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/sync/errgroup"
)

const (
	// headerTime and requestTime limit how long a client may take to send a request.
	headerTime  = 10 * time.Second
	requestTime = time.Minute
	// answerTime limits an answer, from the end of the request header on. It is
	// longer than any usual scrape_timeout. pprof adds the length of a profile.
	answerTime = 2 * time.Minute
	// idleTime is long enough to keep the connection of a Prometheus that scrapes
	// every minute or two.
	idleTime = 3 * time.Minute
	// maxHeader is enough for a password and the headers that a proxy adds.
	maxHeader = 64 << 10
	// maxStreams is how many requests of one connection are answered at once,
	// with HTTP/2.
	maxStreams = 32
	// drainTime is how long open requests may take to finish; container runtimes kill
	// the process ten seconds after the signal.
	drainTime = 5 * time.Second
)

const vsockScheme = "vsock://"

// Listener holds the open sockets of the exporter. They are opened first, so that the
// start fails early if an address is in use.
type Listener struct {
	tcp    []net.Listener
	scheme string
	config toolkit.FlagConfig  // for tcp: only the web configuration file
	rest   *toolkit.FlagConfig // nil, or systemd or vsock sockets, which the toolkit opens in Serve
}

// Listen checks the web configuration file and opens the TCP addresses of flags.
func Listen(ctx context.Context, flags *toolkit.FlagConfig) (*Listener, error) {
	if err := CheckConfig(*flags.WebConfigFile); err != nil {
		return nil, err
	}
	server, err := readTLS(*flags.WebConfigFile)
	if err != nil {
		return nil, err
	}
	l := &Listener{scheme: schemeOf(server), config: toolkit.FlagConfig{WebConfigFile: flags.WebConfigFile}}
	if *flags.WebSystemdSocket {
		l.rest = flags
		return l, nil
	}
	var vsocks []string
	for _, address := range *flags.WebListenAddresses {
		if strings.HasPrefix(address, vsockScheme) {
			vsocks = append(vsocks, address)
			continue
		}
		ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err != nil {
			l.close()
			return nil, fmt.Errorf("--web.listen-address: %w", err)
		}
		l.tcp = append(l.tcp, ln)
	}
	if len(vsocks) > 0 {
		l.rest = &toolkit.FlagConfig{WebListenAddresses: &vsocks, WebConfigFile: flags.WebConfigFile}
	}
	return l, nil
}

// CheckConfig returns what is wrong with a web configuration file; path is "" without
// a file. A pipe is refused: to open it could block, and the file is read at each
// request.
func CheckConfig(file string) error {
	info, err := os.Stat(file)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--web.config.file: %s is not a regular file", file)
	}
	if err := toolkit.Validate(file); err != nil { // which also reports a missing file
		return fmt.Errorf("--web.config.file: %w", err)
	}
	return nil
}

// Addrs are the TCP addresses that were opened, with their real ports.
func (l *Listener) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(l.tcp))
	for i, ln := range l.tcp {
		addrs[i] = ln.Addr()
	}
	return addrs
}

// Scheme is http, or https if the web configuration file turns TLS on.
func (l *Listener) Scheme() string { return l.scheme }

// Serve answers with h, behind the TLS and the passwords of the web
// configuration file, until ctx is done. Then it gives open requests five
// seconds, and returns nil.
func (l *Listener) Serve(ctx context.Context, h http.Handler, log *slog.Logger) error {
	defer l.close() // a server that did not start leaves its socket open
	// Open requests may outlive ctx, but not Serve.
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	// One server for each socket: with toolkit.ServeMultiple all sockets share one
	// server, and each wraps its handler once more, at the same time.
	start := func(serve func(*http.Server) error) {
		srv := newServer(requests, h, log)
		g.Go(func() error {
			if err := serve(srv); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			drain(requests, srv, log)
			return nil
		})
	}
	for _, ln := range l.tcp {
		start(func(s *http.Server) error { return toolkit.Serve(ln, s, &l.config, log) })
	}
	if l.rest != nil {
		start(func(s *http.Server) error { return toolkit.ListenAndServe(s, l.rest, log) })
	}
	return g.Wait()
}

func (l *Listener) close() {
	for _, ln := range l.tcp {
		_ = ln.Close() // Serve may have closed it already: harmless
	}
}

func newServer(requests context.Context, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          newServerLog(log),
	}
}

// drain closes srv once its open requests are answered, or drainTime is over.
func drain(ctx context.Context, srv *http.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		log.Warn("open requests were cut off at shutdown", "err", err)
		_ = srv.Close() // closes the remaining connections
	}
}
