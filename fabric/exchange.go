package fabric

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// DefaultExchangeURL is the token service of production.
const DefaultExchangeURL = "https://sts.eqix.equinix.com/v1/token"

// Exchange is the way to log in without a secret of Equinix: with an ID token
// of an OpenID provider that the organisation trusts, such as a Kubernetes
// cluster or a CI service.
type Exchange struct {
	URL   string // https, or http on a loopback host; "" is [DefaultExchangeURL]
	Scope string // required: what the token is for, e.g. roleassignments:<org-id>

	// SubjectToken is required and returns the ID token, which may be
	// surrounded by space. It is called when [TokenConfig].Credentials would
	// be, since such tokens live for minutes or hours and are replaced where
	// they lie. Its errors are shown.
	SubjectToken func() (string, error)
}

// prover returns the address that x logs in at, and what reads the proof.
func (x Exchange) prover() (address string, prove func() (proof, error), err error) {
	switch {
	case x.SubjectToken == nil:
		return "", nil, errors.New("Exchange.SubjectToken is nil")
	case strings.TrimSpace(x.Scope) == "":
		return "", nil, errors.New("Exchange.Scope is empty")
	}
	address, err = parseAddress("exchange URL", cmp.Or(x.URL, DefaultExchangeURL))
	return address, x.prove, err
}

func (x Exchange) prove() (proof, error) {
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
			op: OpToken, method: http.MethodPost, // path: the address is that of the endpoint
			media: "application/x-www-form-urlencoded", body: []byte(form.Encode()),
		},
		secret:   token,
		parts:    [2]string{x.Scope, token},
		exchange: true,
	}, nil
}
