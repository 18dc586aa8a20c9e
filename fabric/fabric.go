// Package fabric is a client of the Equinix Fabric API that only reads. It handles
// authentication, paging, errors, request limits and types that differ from their
// documentation. Its results are normalised: rates and capacities in bit/s, times in
// UTC, states as the API spells them, and nil if the API gives no value.
package fabric

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// DefaultBaseURL is the production API.
const DefaultBaseURL = "https://api.equinix.com"

// The operations of the client, as they appear in [Error] and [Attempt] and, one
// level up, in metric labels. The set is closed. OpSearchPorts is not called any
// more; it stays because series with that label exist.
const (
	OpToken              = "token"
	OpUserPortsV3        = "v3_user_ports"
	OpPortStatsV3        = "v3_port_stats"
	OpPorts              = "v4_ports"
	OpPort               = "v4_port"
	OpSearchPorts        = "v4_ports_search"
	OpPortStatsV4        = "v4_port_stats"
	OpSearchConnections  = "v4_connections_search"
	OpSearchMetrics      = "v4_metrics_search"
	OpSearchStreamAssets = "v4_stream_assets_search"
	OpConnectionStatsV4  = "v4_connection_stats"
	OpSearchPrices       = "v4_prices_search"
	OpPricesV3           = "v3_connection_prices"
	OpBuyerConnectionsV3 = "v3_buyer_connections"
)

// Operations lists every operation in the order of the constants.
func Operations() []string {
	return []string{
		OpToken, OpUserPortsV3, OpPortStatsV3, OpPorts, OpPort, OpSearchPorts,
		OpPortStatsV4, OpSearchConnections, OpSearchMetrics, OpSearchStreamAssets, OpConnectionStatsV4,
		OpSearchPrices, OpPricesV3,
		OpBuyerConnectionsV3,
	}
}

// Attempt is one HTTP exchange with the API, as handed to Config.Observe.
type Attempt struct {
	Op     string
	Status int           // HTTP status, 0 if no answer came
	Took   time.Duration // from sending the request to decoding the body
	Waited time.Duration // waiting before that for the request budget
	Err    error         // nil if the answer was good and could be decoded
}

// Tokens gives a [Client] its access tokens. *[TokenSource] implements it.
type Tokens interface {
	// TokenContext returns a token, or the reason why there is none.
	TokenContext(ctx context.Context) (*oauth2.Token, error)
	// Invalidate is called after the API refused t.
	Invalidate(t *oauth2.Token)
}

// Config configures a [Client]. Only Tokens is required.
type Config struct {
	BaseURL   string            // https, or http on a loopback host; "" is [DefaultBaseURL]
	Tokens    Tokens            // required
	Transport http.RoundTripper // nil is [NewTransport]
	UserAgent string            // "" is equinix_fabric_exporter

	RequestsPerSecond float64       // on average; 0 is 5
	Burst             int           // requests that may be sent at once after a pause; 0 is 10
	Concurrency       int           // requests under way at a time; 0 is 8
	Timeout           time.Duration // of one attempt, from connecting to the last byte; 0 is 30s
	MaxRetries        int           // attempts of a call after the first; 0 means no retry

	// Observe is called once for every attempt, after it ended; may be nil.
	// It is called from many goroutines and must not block.
	Observe func(Attempt)
	// Skipped is called for every answer to a listing with records that were left out
	// because they have no valid UUID, with their number and a [DecodeError] about
	// the first. The rules of Observe apply; may be nil.
	Skipped func(op string, records int, first error)
}

// Client calls the API with the budget of one account. Its methods may be called from
// several goroutines; they block until the answer has come, including all retries, or
// until their context ends, whose error they then return wrapped. Other errors are
// *[Error], *[DecodeError] or, if there was no token, what Tokens returned, wrapped.
// If the UUID of an asset is invalid the error has no type, and no request is sent.
type Client struct {
	wire       *wire
	tokens     Tokens
	throttle   *throttle
	maxRetries int
	noRenewal  atomic.Pointer[time.Time] // until then a 401 does not lead to a login
	skipped    func(op string, records int, first error)
}

// Format prints the address of the API and no secret.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "client of "+c.wire.base) }

// New returns a client with a copy of cfg. It sends nothing.
func New(cfg Config) (*Client, error) {
	if cfg.Tokens == nil {
		return nil, errors.New("fabric: Config.Tokens is nil")
	}
	base, err := parseAddress("base URL", cmp.Or(cfg.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	w, err := newWire(base, cfg.Transport, cfg.UserAgent, cfg.Timeout, cfg.Observe)
	if err != nil {
		return nil, fmt.Errorf("fabric: %w", err)
	}
	perSecond := cmp.Or(cfg.RequestsPerSecond, 5)
	switch {
	case math.IsNaN(perSecond), math.IsInf(perSecond, 0), perSecond < 0:
		return nil, fmt.Errorf("fabric: requests per second: %v is not a positive number", perSecond)
	case cfg.Burst < 0, cfg.Concurrency < 0, cfg.MaxRetries < 0:
		return nil, errors.New("fabric: burst, concurrency and max retries must not be negative")
	}
	if cfg.Skipped == nil {
		cfg.Skipped = func(string, int, error) {}
	}
	return &Client{
		wire:       w,
		skipped:    cfg.Skipped,
		tokens:     cfg.Tokens,
		throttle:   newThrottle(perSecond, cmp.Or(cfg.Burst, 10), cmp.Or(cfg.Concurrency, 8)),
		maxRetries: cfg.MaxRetries,
	}, nil
}
