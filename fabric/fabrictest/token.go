package fabrictest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxRefusals is how many refused logins in a row lock the account.
const maxRefusals = 5

// login is the account behind the token endpoint.
type login struct {
	mu      sync.Mutex
	secret  string
	refused int // in a row
	locked  bool
	issued  uint64
	tokens  map[string]time.Time // expiry by token
}

// ExpireTokens makes every token issued so far invalid at once, while their
// holders still believe in them.
func (a *API) ExpireTokens() {
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	clear(a.login.tokens)
}

// LockLogin locks the account: even the right credentials are refused. Tokens
// already issued stay good.
func (a *API) LockLogin() {
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	a.login.locked = true
}

// UnlockLogin opens the account again and forgets its refused logins.
func (a *API) UnlockLogin() {
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	a.login.locked, a.login.refused = false, 0
}

// LoginLocked reports whether the account is locked.
func (a *API) LoginLocked() bool {
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	return a.login.locked
}

// SetClientSecret changes the secret that logs in. Tokens already issued stay good.
func (a *API) SetClientSecret(secret string) {
	a.login.mu.Lock()
	defer a.login.mu.Unlock()
	a.login.secret = secret
}

type tokenRequest struct {
	GrantType    string `json:"grant_type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// token answers a login. The lifetime goes out as a string of seconds and
// there is no expires_in.
func (a *API) token(c *call) reply {
	var req tokenRequest
	if err := json.Unmarshal(c.body, &req); err != nil {
		return loginFailure(http.StatusBadRequest, "Request body is not valid JSON")
	}
	l := &a.login
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locked {
		return loginFailure(http.StatusUnauthorized, "User account is locked. Please contact your administrator.")
	}
	// Without a grant type the endpoint assumes the password grant, which has
	// been retired.
	if req.GrantType != "client_credentials" || req.ClientID != a.opts.ClientID || req.ClientSecret != l.secret {
		l.refused++
		l.locked = l.refused >= maxRefusals
		return loginFailure(http.StatusBadRequest, "Login Failure, please try again.")
	}
	l.refused = 0
	token := l.issue(a.opts.Seed, c.now, a.opts.TokenLife)
	return jsonReply(map[string]string{
		"access_token":  token,
		"token_timeout": strconv.FormatInt(int64(a.opts.TokenLife/time.Second), 10),
		"user_name":     a.opts.ClientID,
		"token_type":    "Bearer",
	})
}

// issue makes a token and forgets those that ran out, so that the set stays
// small however long the API runs.
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
	if !ok {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	expiry, ok := l.tokens[token]
	return ok && now.Before(expiry)
}

// loginFailure is an error of the token endpoint, which spells its errors in
// camel case and as a single object.
func loginFailure(status int, message string) reply {
	r := jsonReply(map[string]string{
		"errorDomain":      "apps-fqa",
		"errorTitle":       "Login Failure",
		"errorCode":        "S1006",
		"developerMessage": message,
		"errorMessage":     message,
	})
	r.status = status
	return r
}
