package daemon

import (
	"crypto/x509"
	"net/http"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Wiring is what Connect needs in addition to the settings of an account.
type Wiring struct {
	Transport http.RoundTripper
	UserAgent string
	Observe   func(fabric.Attempt)                      // called with every attempt
	Skipped   func(op string, records int, first error) // as in fabric.Config
	Refusals  *fabric.Refusals                          // as in fabric.TokenConfig
}

// Connect returns the token source and the client of an account, with the limits of
// api. Neither has sent anything yet. The caller closes the token source.
func Connect(a config.Account, api config.API, w Wiring) (*fabric.TokenSource, *fabric.Client, error) {
	login := fabric.TokenConfig{
		BaseURL: a.APIURL, Transport: w.Transport, UserAgent: w.UserAgent,
		Timeout: api.Timeout, MaxRetries: api.MaxRetries, Observe: w.Observe, Refusals: w.Refusals,
	}
	// Both read their files again at each login.
	if x := a.Credentials.TokenExchange; !x.IsZero() {
		login.Exchange = &fabric.Exchange{URL: x.STSURL, Scope: x.Scope, SubjectToken: func() (string, error) {
			token, err := x.SubjectToken()
			return token.Reveal(), err
		}}
	} else {
		login.Credentials = func() (fabric.Credentials, error) {
			id, secret, err := a.Credentials.Read()
			return fabric.Credentials{ClientID: id, ClientSecret: secret.Reveal()}, err
		}
	}
	tokens, err := fabric.NewTokenSource(login)
	if err != nil {
		return nil, nil, err
	}
	client, err := fabric.New(fabric.Config{
		BaseURL: a.APIURL, Tokens: tokens, Transport: w.Transport, UserAgent: w.UserAgent,
		RequestsPerSecond: api.RequestsPerSecond, Burst: api.Burst, Concurrency: api.Concurrency,
		Timeout: api.Timeout, MaxRetries: api.MaxRetries, Observe: w.Observe, Skipped: w.Skipped,
	})
	if err != nil {
		return nil, nil, err
	}
	return tokens, client, nil
}

// Transport returns the transport for the requests of an account: t or, if t is nil,
// a new one that trusts the certificates of the account's CAFile. The caller closes
// its idle connections.
func Transport(a config.Account, t http.RoundTripper) (http.RoundTripper, error) {
	ca, err := a.CA()
	if err != nil {
		return nil, err
	}
	return newTransport(ca, t), nil
}

// newTransport trusts the certificates in ca, or the system's if it is "".
func newTransport(ca string, t http.RoundTripper) http.RoundTripper {
	switch {
	case t != nil:
		return t
	case ca == "":
		return fabric.NewTransport(nil)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca)) // CA has read each of them
	return fabric.NewTransport(roots)
}

// CloseIdle closes the idle connections of t.
func CloseIdle(t http.RoundTripper) {
	if c, ok := t.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
