package fabrictest_test

import (
	"net/http"
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
	c.login() // a good one begins the row anew
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
