package fabric

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Credentials are the client ID and secret of an API application. No way of printing
// them shows the secret.
type Credentials struct {
	ClientID     string
	ClientSecret string
}

// Format prints the credentials without the secret, with every verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// String names the client ID alone.
func (c Credentials) String() string {
	return fmt.Sprintf("client_id %q, client_secret %s", c.ClientID, redacted)
}

// LogValue is the client ID alone.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("client_id", c.ClientID), slog.String("client_secret", redacted))
}

// MarshalJSON writes the client ID and no secret.
func (c Credentials) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"client_id": c.ClientID, "client_secret": redacted})
}

// CredentialsError means that the credentials could not be read. No request was sent;
// the next call reads the credentials again.
type CredentialsError struct{ Err error }

// Error gives the cause.
func (e *CredentialsError) Error() string { return OpToken + ": read credentials: " + e.Err.Error() }

// Unwrap is the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }

// proof is what one login sends to the token endpoint.
type proof struct {
	request  request
	secret   string
	parts    [2]string // identify who logs in, and with what, to count refusals
	exchange bool      // of an [Exchange]
}

func (c Credentials) proof() (proof, error) {
	if c.ClientID == "" || c.ClientSecret == "" { // the token endpoint would count a refused login
		return proof{}, errors.New("client_id or client_secret is empty")
	}
	body, err := json.Marshal(map[string]string{
		"grant_type":    "client_credentials", // without it the API assumes a password
		"client_id":     c.ClientID,
		"client_secret": c.ClientSecret,
	})
	return proof{
		request: request{op: OpToken, method: http.MethodPost, path: "/oauth2/v1/token", body: body},
		secret:  c.ClientSecret,
		parts:   [2]string{c.ClientID, c.ClientSecret},
	}, err
}

// DefaultExchangeURL is the token service of production.
const DefaultExchangeURL = "https://sts.eqix.equinix.com/v1/token"

// Exchange is the way to log in without a secret of Equinix: with an ID token
// of an OpenID provider that the organisation trusts, such as a Kubernetes
// cluster or a CI service.
type Exchange struct {
	URL   string // https, or http on a loopback host; "" is [DefaultExchangeURL]
	Scope string // required: what the token is for, e.g. roleassignments:<org-id>

	// SubjectToken is required and returns the ID token, which may be surrounded by
	// space. It is called whenever [TokenConfig].Credentials would be, because such
	// tokens live for minutes or hours and their file is rewritten. Its errors are
	// shown.
	SubjectToken func() (string, error)
}

func (x Exchange) proof() (proof, error) {
	token, err := x.SubjectToken()
	if err != nil {
		return proof{}, fmt.Errorf("subject token: %w", err)
	}
	if token = strings.TrimSpace(token); token == "" {
		return proof{}, errors.New("subject token is empty")
	}
	form := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"scope":              {x.Scope},
		"subject_token":      {token},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:id_token"},
	}
	return proof{
		request: request{
			op: OpToken, method: http.MethodPost, // no path: the address is the endpoint itself
			media: "application/x-www-form-urlencoded", body: []byte(form.Encode()),
		},
		secret:   token,
		parts:    [2]string{x.Scope, token},
		exchange: true,
	}, nil
}

// prover returns the address of the token endpoint, and the function that reads the proof.
func (cfg *TokenConfig) prover() (address string, prove func() (proof, error), err error) {
	switch {
	case cfg.Credentials == nil && cfg.Exchange == nil:
		return "", nil, errors.New("TokenConfig has neither Credentials nor Exchange")
	case cfg.Credentials != nil && cfg.Exchange != nil:
		return "", nil, errors.New("TokenConfig has both Credentials and Exchange")
	case cfg.Credentials != nil:
		read := cfg.Credentials
		address, err = parseAddress("base URL", cmp.Or(cfg.BaseURL, DefaultBaseURL))
		return address, func() (proof, error) {
			cred, err := read()
			if err != nil {
				return proof{}, err
			}
			return cred.proof()
		}, err
	}
	x := *cfg.Exchange
	switch {
	case x.SubjectToken == nil:
		return "", nil, errors.New("Exchange.SubjectToken is nil")
	case strings.TrimSpace(x.Scope) == "":
		return "", nil, errors.New("Exchange.Scope is empty")
	}
	address, err = parseAddress("exchange URL", cmp.Or(x.URL, DefaultExchangeURL))
	return address, x.proof, err
}
