package fabrictest_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

func TestTokenLifetimeIsAString(t *testing.T) {
	_, c := newClient(t, fabrictest.Options{})
	_, body := c.do("POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
	if !strings.Contains(body, `"token_timeout":"3599"`) || strings.Contains(body, "expires_in") {
		t.Errorf("got %s; want token_timeout as a string and no expires_in", body)
	}
}

func TestTokenRefusals(t *testing.T) {
	for _, tc := range []struct{ name, body, code string }{
		{"wrong secret", loginBody("wrong"), "S1006"},
		{"no grant type", `{"client_id":"demo-client","client_secret":"demo-secret"}`, "S1006"},
		{"no JSON", "grant_type=client_credentials", "not valid JSON"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, c := newClient(t, fabrictest.Options{})
			c.wantError(http.StatusBadRequest, tc.code, "POST", "/oauth2/v1/token", tc.body)
		})
	}
}

func TestLoginLocksAfterFiveRefusalsInARow(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	refuse := func(n int) {
		for range n {
			c.wantError(http.StatusBadRequest, "Login Failure", "POST", "/oauth2/v1/token", loginBody("wrong"))
		}
	}
	refuse(4)
	c.login() // a successful login resets the count
	refuse(4)
	if api.LoginLocked() {
		t.Fatal("locked after four refusals in a row")
	}
	refuse(1)
	c.wantError(http.StatusUnauthorized, "locked", "POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
	if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK {
		t.Errorf("a token issued before the lock got %d", status)
	}
	api.UnlockLogin()
	c.login()
	api.LockLogin()
	c.wantError(http.StatusUnauthorized, "locked", "POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
}

func TestSetClientSecret(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	api.SetClientSecret("rotated")
	c.wantError(http.StatusBadRequest, "S1006", "POST", "/oauth2/v1/token", loginBody(fabrictest.DemoClientSecret))
	if status, body := c.do("POST", "/oauth2/v1/token", loginBody("rotated")); status != http.StatusOK {
		t.Errorf("the new secret got %d %s", status, body)
	}
}

func TestDataCallsNeedAToken(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	for _, token := range []string{"", "made-up"} {
		anonymous := *c
		anonymous.token = token
		anonymous.wantError(http.StatusUnauthorized, "EQ-3000039", "GET", "/fabric/v4/ports", "")
	}
	api.ExpireTokens()
	c.wantError(http.StatusUnauthorized, "EQ-3000039", "GET", "/ecx/v3/port/userport", "")
}

func TestTokenExpiresByTheFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newClient(t, fabrictest.Options{Now: time.Now, TokenLife: time.Minute})
		time.Sleep(time.Minute - time.Second)
		if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK {
			t.Errorf("within its life: status %d", status)
		}
		time.Sleep(time.Second)
		c.wantError(http.StatusUnauthorized, "EQ-3000039", "GET", "/fabric/v4/ports", "")
	})
}

const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

func form(set url.Values) url.Values {
	q := url.Values{
		"grant_type": {tokenExchange}, "scope": {"roleassignments:70042"}, "subject_token": {fabrictest.DemoSubjectToken},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:id_token"},
	}
	maps.Copy(q, set)
	return q
}

func TestTokenExchange(t *testing.T) {
	api, c := newClient(t, fabrictest.Options{})
	post := func(q url.Values) (status int, body string) {
		t.Helper()
		resp, err := c.http.PostForm(c.base+"/v1/token", q)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var b strings.Builder
		if err := resp.Write(&b); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, b.String()
	}
	for _, tc := range []struct{ name, want string }{
		{"grant_type", "unsupported_grant_type"}, {"scope", "invalid_scope"},
		{"subject_token", "invalid_grant"}, {"subject_token_type", "invalid_request"},
	} {
		for _, value := range []string{"", "wrong"} {
			if status, body := post(form(url.Values{tc.name: {value}})); status != http.StatusBadRequest || !strings.Contains(body, `"error":"`+tc.want) {
				t.Errorf("%s=%q: %d %s", tc.name, value, status, body)
			}
		}
	}
	c.wantError(http.StatusBadRequest, "invalid_request", "POST", "/v1/token", `{}`)
	if _, body := post(form(nil)); !strings.Contains(body, `"expires_in":3599`) || !strings.Contains(body, `"access_token":"`) {
		t.Fatalf("a good one: %s", body)
	} else {
		_, rest, _ := strings.Cut(body, `"access_token":"`)
		c.token, _, _ = strings.Cut(rest, `"`)
	}
	if status, _ := c.do("GET", "/fabric/v4/ports", ""); status != http.StatusOK {
		t.Errorf("the exchanged token got %d", status)
	}
	api.Inject(fabrictest.Fault{Op: fabrictest.OpExchange, Status: http.StatusConflict, Times: 1})
	if status, _ := post(form(nil)); status != http.StatusConflict {
		t.Errorf("status %d; want the conflict", status)
	}
	if api.LoginLocked() || strings.Contains(fmt.Sprint(api.Requests()), fabrictest.DemoSubjectToken) {
		t.Error("the account is locked, or the subject token in the log")
	}
}
