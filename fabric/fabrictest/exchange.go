package fabrictest

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DemoSubjectToken is the only subject token that an API exchanges unless
// Options.AcceptSubject says otherwise.
const DemoSubjectToken = "demo-subject-token"

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	subjectKind   = "urn:ietf:params:oauth:token-type:id_token"
	issuedKind    = "urn:ietf:params:oauth:token-type:access_token"
)

// scopes are what the scopes of an exchange begin with.
var scopes = []string{"ern:", "roleassignments:", "projectpolicies:", "orgpolicies:"}

type exchangedDoc struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"`
}

// exchange answers the token service, which takes a form and whose errors are
// those of OAuth. What it refuses counts against nobody's login.
func (a *API) exchange(c *call) reply {
	media, _, _ := mime.ParseMediaType(c.http.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(c.body))
	switch {
	case media != "application/x-www-form-urlencoded" || err != nil:
		return oauthError("invalid_request", "the body must be a form")
	case form.Get("grant_type") != grantExchange:
		return oauthError("unsupported_grant_type", "grant_type must be "+grantExchange)
	case form.Get("subject_token_type") != subjectKind:
		return oauthError("invalid_request", "subject_token_type must be "+subjectKind)
	case !validScope(form.Get("scope")):
		return oauthError("invalid_scope", "scope is required, with one of "+strings.Join(scopes, ", "))
	case !a.opts.AcceptSubject(form.Get("subject_token")):
		return oauthError("invalid_grant", "the subject token is not accepted")
	}
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	return jsonReply(exchangedDoc{
		AccessToken: a.login.issue(a.opts.Seed, c.now, a.opts.TokenLife), IssuedTokenType: issuedKind,
		TokenType: "Bearer", ExpiresIn: int64(a.opts.TokenLife / time.Second),
	})
}

func validScope(scope string) bool {
	words := strings.Fields(scope)
	for _, word := range words {
		known := false
		for _, prefix := range scopes {
			known = known || strings.HasPrefix(word, prefix) && word != prefix
		}
		if !known {
			return false
		}
	}
	return len(words) > 0
}

func oauthError(code, description string) reply {
	r := jsonReply(map[string]string{"error": code, "error_description": description})
	r.status = http.StatusBadRequest
	return r
}
