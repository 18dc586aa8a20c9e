package daemon

import (
	"net/http"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Wiring is how the clients of an account are connected.
type Wiring struct {
	Transport http.RoundTripper
	UserAgent string
	Observe   func(fabric.Attempt) // told of every attempt
	// Skipped is told of records that a listing leaves out, as in fabric.Config.
	Skipped func(op string, records int, first error)

	// Key and Refused are for those who keep count of refused logins over
	// restarts, as in fabric.TokenConfig.
	Key     fabric.FingerprintKey
	Refused func(fabric.Hold)
}

// Connect builds what logs in for an account and what asks its API, within the
// bounds of api. Both have sent nothing yet. The token source lasts until it is
// closed.
func Connect(a config.Account, api config.API, w Wiring) (*fabric.TokenSource, *fabric.Client, error) {
	login := fabric.TokenConfig{
		BaseURL: a.APIURL, Transport: w.Transport, UserAgent: w.UserAgent,
		Timeout: api.Timeout, MaxRetries: api.MaxRetries, Observe: w.Observe, Key: w.Key, Refused: w.Refused,
	}
	if x := a.Credentials.TokenExchange; x.IsZero() {
		login.Credentials = credentials(a.Credentials)
	} else {
		login.Exchange = &fabric.Exchange{URL: x.STSURL, Scope: x.Scope, SubjectToken: subjectToken(x)}
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

// credentials reads the client id and secret anew for each login.
func credentials(c config.Credentials) func() (fabric.Credentials, error) {
	return func() (fabric.Credentials, error) {
		id, secret, err := c.Read()
		return fabric.Credentials{ClientID: id, ClientSecret: secret.Reveal()}, err
	}
}

// subjectToken reads the token of the OIDC provider anew for each login.
func subjectToken(x config.TokenExchange) func() (string, error) {
	return func() (string, error) {
		token, err := x.SubjectToken()
		return token.Reveal(), err
	}
}
