package fabric_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/oauth2"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// showings are the ways in which things end up in logs.
func showings(v any) map[string]string {
	out := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	if b, err := json.Marshal(v); err == nil {
		out["json"] = string(b)
	}
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("m", "v", v)
	out["slog text"], out["slog json"] = text.String(), js.String()
	if err, ok := v.(error); ok {
		for err != nil {
			out["error "+fmt.Sprintf("%T", err)] = err.Error()
			err = errors.Unwrap(err)
		}
	}
	return out
}

// inURL is s as it may stand in a URL, with more or fewer characters escaped.
func inURL(s string) []string {
	lower := regexp.MustCompile("%..").ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower)
	var all strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&all, "%%%02X", c)
	}
	return []string{url.QueryEscape(s), lower, url.PathEscape(s), strings.ReplaceAll(url.QueryEscape(s), "%2F", "/"), all.String()}
}

// mustNotShow finds secrets as the threat model promises that they do not show: as
// they are, in a URL, in JSON.
func mustNotShow(t *testing.T, name string, v any, secrets ...string) {
	t.Helper()
	for how, shown := range showings(v) {
		for _, s := range secrets {
			for _, spelling := range append(inURL(s), s, strings.Trim(asJSON(s), `"`), strings.Trim(fmt.Sprintf("%q", s), `"`), fmt.Sprintf("%x", s)) {
				if strings.Contains(shown, spelling) {
					t.Errorf("%s shows a secret with %s: %s", name, how, shown)
				}
			}
		}
	}
}

func TestCredentialsDoNotShow(t *testing.T) {
	cred := fabric.Credentials{ClientID: "id", ClientSecret: secret}
	mustNotShow(t, "value", cred, secret)
	mustNotShow(t, "pointer", &cred, secret)
	mustNotShow(t, "in a struct", struct{ Cred fabric.Credentials }{cred}, secret)
	for how, shown := range showings(cred) {
		if how != "%T" && !strings.Contains(shown, "id") {
			t.Errorf("%s does not name the client: %s", how, shown)
		}
	}
}

func asJSON(s string) string {
	b, _ := json.Marshal(s) // of a string, never an error
	return string(b)
}

// echo is a server that repeats what it should not.
func echo(status int, format string, secrets ...string) *api {
	var args []any
	for _, s := range secrets {
		args = append(args, s)
	}
	return always(status, fmt.Sprintf(format, args...))
}

func TestTokenSourceAndItsErrorsDoNotShowSecrets(t *testing.T) {
	for name, a := range map[string]*api{
		"granted":   always(200, `{"access_token":"granted"}`),
		"refusal":   echo(400, `{"errorCode":"S1006","errorMessage":%q}`, "bad secret "+secret),
		"text":      echo(500, `bad secret %s`, secret),
		"query":     echo(500, `bad secret %s`, inURL(secret)[0]),
		"lower":     echo(500, `bad secret %s`, inURL(secret)[1]),
		"path":      echo(500, `bad secret %s`, inURL(secret)[2]),
		"slashes":   echo(500, `bad secret %s`, inURL(secret)[3]),
		"all":       echo(500, `bad secret %s, and again: %s`, inURL(secret)[4], secret),
		"JSON":      echo(500, `not JSON: {"client_secret":%s}`, asJSON(secret)),
		"code":      echo(500, `{"errorCode":%q,"correlationId":%q}`, secret, secret),
		"decode":    echo(200, `{"access_token":{"x":%q}}`, secret),
		"transport": {answer: func(int, *http.Request) (*http.Response, error) { return nil, errors.New("x " + secret) }},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []fabric.Attempt
			s := newSource(t, a, func(c *fabric.TokenConfig) { c.Observe = func(a fabric.Attempt) { seen = append(seen, a) } })
			_, err := s.TokenContext(t.Context())
			if err != nil {
				mustNotShow(t, "error", err, secret)
			}
			mustNotShow(t, "source", s, secret, "granted")
			mustNotShow(t, "source by value", s.Status(), secret, "granted")
			mustNotShow(t, "attempt", seen, secret, "granted")
		})
	}
}

type fixedToken string

func (f fixedToken) TokenContext(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: string(f)}, nil
}

func (fixedToken) Invalidate(*oauth2.Token) {}

func TestClientErrorsDoNotShowTheToken(t *testing.T) {
	const token = "eyJhbGciOi.t0k3n"
	for name, a := range map[string]*api{
		"message":   echo(403, `[{"errorCode":%q,"errorMessage":%q,"correlationId":%q,"details":%q}]`, token, "x "+token, token, token),
		"text":      echo(502, `Bearer %s`, token),
		"decode":    echo(200, `{"capacity":%q}`, token),
		"time":      echo(200, `{"inboundStats":[{"mean":1,"time":%q}]}`, token),
		"redirect":  always(302, ``, "Location", "https://"+token+".example.com/"),
		"media":     always(200, `<`, "Content-Type", "text/"+token),
		"transport": {answer: func(int, *http.Request) (*http.Response, error) { return nil, errors.New("x " + token) }},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []fabric.Attempt
			c := newClient(t, a, watch(&seen), func(c *fabric.Config) { c.Tokens = fixedToken(token) })
			err := probe(t.Context(), c)
			if err == nil {
				t.Fatal("no error")
			}
			mustNotShow(t, "error", err, token)
			mustNotShow(t, "attempt", seen[0], token)
		})
	}
	t.Run("unit", func(t *testing.T) {
		c := newClient(t, echo(200, `{"bandwidthUtilization":{"unit":%q}}`, token), func(c *fabric.Config) { c.Tokens = fixedToken(token) })
		_, err := c.PortStatsV4(t.Context(), id("p"), from, to)
		mustNotShow(t, "error", err, token)
	})
}

// TestTokenThatIsPartOfItsStandIn has a token of one letter that "[redacted]" holds
// too: hiding it must come to an end.
func TestTokenThatIsPartOfItsStandIn(t *testing.T) {
	c := newClient(t, echo(502, `a t`), func(c *fabric.Config) { c.Tokens = fixedToken("t") })
	if err := probe(t.Context(), c); err == nil || !strings.Contains(err.Error(), ": a [redacted]") {
		t.Errorf("got %v", err)
	}
}

func TestClientDoesNotShowSecrets(t *testing.T) {
	s := newSource(t, always(200, granted))
	c := newClient(t, always(200, idle), func(c *fabric.Config) { c.Tokens = s })
	if err := probe(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	mustNotShow(t, "client", c, secret, "granted")
	mustNotShow(t, "client by value", fmt.Sprintf("%+v", c), secret, "granted")
}

// The API names people in its refusals. The exporter's errors contain none of their
// addresses.
func TestErrorsContainNoAddresses(t *testing.T) {
	for _, body := range []string{
		`[{"errorCode":"EQ-3","errorMessage":"User jane.doe@corp.example is not allowed","details":"owner noc+x@example.com"}]`,
		`{"errorCode":"EQ-3","errorMessage":"ask jane.doe@corp.example"}`,
		`{"fault":{"faultstring":"no right of jane.doe@corp.example"}}`,
		`{"error_code":"403","error_message":"mailto:jane.doe@corp.example"}`,
		`{"error":"x","error_description":"user=jane.doe%40corp.example&y=1"}`,
		`<html>Write to <a href="mailto:jane.doe@corp.example">us</a></html>`,
	} {
		_, err := newClient(t, always(403, body)).Port(t.Context(), id("p"))
		if err == nil || strings.Contains(err.Error(), "jane") || strings.Contains(err.Error(), "noc") || strings.Contains(err.Error(), "corp.example") {
			t.Errorf("%s: %v", body, err)
		}
		if !strings.Contains(err.Error(), "[e-mail]") {
			t.Errorf("%s: nothing tells that an address was there: %v", body, err)
		}
	}
}
