package fabrictest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxRefusals is how many refused logins in a row lock the account.
const maxRefusals = 5

// login is the login of the account, at the token endpoints.
type login struct {
	mu      sync.Mutex
	secret  string
	refused int // in a row
	locked  bool
	issued  uint64
	tokens  map[string]time.Time // expiry by token
}

// do runs f with the mutex held.
func (l *login) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// ExpireTokens makes every issued token invalid at once, before its stated end.
func (a *API) ExpireTokens() { a.login.do(func() { clear(a.login.tokens) }) }

// LockLogin locks the account: even the right credentials are refused. Tokens
// already issued stay valid.
func (a *API) LockLogin() { a.login.do(func() { a.login.locked = true }) }

// UnlockLogin unlocks the account and resets the count of refused logins.
func (a *API) UnlockLogin() { a.login.do(func() { a.login.locked, a.login.refused = false, 0 }) }

// LoginLocked reports whether the account is locked.
func (a *API) LoginLocked() (locked bool) {
	a.login.do(func() { locked = a.login.locked })
	return locked
}

// SetClientSecret changes the secret that logs in. Tokens already issued stay valid.
func (a *API) SetClientSecret(secret string) { a.login.do(func() { a.login.secret = secret }) }

// token answers a login. The lifetime is token_timeout, a string of seconds; there is
// no expires_in.
func (a *API) token(c *call) reply {
	var q struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal(c.body, &q); err != nil {
		return loginFailure(http.StatusBadRequest, "Request body is not valid JSON")
	}
	l := &a.login
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locked {
		return loginFailure(http.StatusUnauthorized, "User account is locked. Please contact your administrator.")
	}
	// Without a grant type the endpoint assumes the retired password grant.
	if q.GrantType != "client_credentials" || q.ClientID != a.opts.ClientID || q.ClientSecret != l.secret {
		l.refused++
		l.locked = l.refused >= maxRefusals
		return loginFailure(http.StatusBadRequest, "Login Failure, please try again.")
	}
	l.refused = 0
	return jsonReply(object{
		"access_token", l.issue(a.opts.Seed, c.now, a.opts.TokenLife),
		"token_timeout", strconv.FormatInt(int64(a.opts.TokenLife/time.Second), 10),
		"token_type", "Bearer",
		"user_name", a.opts.ClientID,
	})
}

// loginFailure is an error of the token endpoint: a single object in camel case.
func loginFailure(status int, message string) reply {
	return jsonReply(object{
		"developerMessage", message, "errorCode", "S1006", "errorDomain", "apps-fqa",
		"errorMessage", message, "errorTitle", "Login Failure",
	}, status)
}

// exchange answers requests to the token service, which takes a form and has the
// errors of OAuth. Its refusals do not count for the lock.
func (a *API) exchange(c *call) reply {
	media, _, _ := mime.ParseMediaType(c.http.Header.Get("Content-Type"))
	form, err := url.ParseQuery(string(c.body))
	refusal := ""
	switch {
	case media != "application/x-www-form-urlencoded" || err != nil,
		form.Get("subject_token_type") != "urn:ietf:params:oauth:token-type:id_token":
		refusal = "invalid_request"
	case form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:token-exchange":
		refusal = "unsupported_grant_type"
	case !validScope(form.Get("scope")):
		refusal = "invalid_scope"
	case !a.opts.AcceptSubject(form.Get("subject_token")):
		refusal = "invalid_grant"
	}
	if refusal != "" {
		return jsonReply(object{"error", refusal, "error_description", "refused by the simulated token service"}, http.StatusBadRequest)
	}
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	return jsonReply(object{
		"access_token", a.login.issue(a.opts.Seed, c.now, a.opts.TokenLife),
		"issued_token_type", "urn:ietf:params:oauth:token-type:access_token",
		"token_type", "Bearer", "expires_in", int64(a.opts.TokenLife / time.Second),
	})
}

// validScope reports whether a scope has at least one word, and each word begins with
// a known kind of scope and has more after it.
func validScope(scope string) bool {
	for word := range strings.FieldsSeq(scope) {
		kind, rest, _ := strings.Cut(word, ":")
		if rest == "" || !strings.Contains(" ern roleassignments projectpolicies orgpolicies ", " "+kind+" ") {
			return false
		}
	}
	return strings.TrimSpace(scope) != ""
}

// issue makes a token and removes expired tokens, so that the set stays small.
func (l *login) issue(seed uint64, now time.Time, life time.Duration) string {
	for token, expiry := range l.tokens {
		if !now.Before(expiry) {
			delete(l.tokens, token)
		}
	}
	l.issued++
	token := fmt.Sprintf("sim-%04d-%016x", l.issued, mix(seed^l.issued))
	l.tokens[token] = now.Add(life)
	return token
}

func (l *login) valid(authorization string, now time.Time) bool {
	token, ok := strings.CutPrefix(authorization, "Bearer ")
	l.mu.Lock()
	defer l.mu.Unlock()
	expiry, issued := l.tokens[token]
	return ok && issued && now.Before(expiry)
}
