package fabric_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// spellings of an address, as answers may hold it.
var spellings = []string{
	"jane.doe@corp.example", "<jane.doe@corp.example>", "mailto:jane.doe@corp.example.", "JANE.DOE@CORP.EXAMPLE",
	"jane.doe%40corp.example", "user=jane%2Edoe%40corp%2Eexample&x", "jane.doe%2540corp.example",
	`jane.doe\u0040corp.example`, `\u003cjane\u002edoe\u0040corp\u002eexample\u003e`, "jane.doe&#64;corp.example",
	`"jane doe"@corp.example`, "jane.doe+noc@[192.0.2.1]", "'jane.doe@corp.example'", "jane.doe@eu.corp.example, jane.doe@corp.example",
	"https://api.example/users/jane.doe@corp.example/keys",
}

func TestHideAddresses(t *testing.T) {
	for _, s := range spellings {
		got := fabric.HideAddresses("the user " + s + " is not allowed")
		low := strings.ToLower(got)
		if strings.Contains(low, "jane") || strings.Contains(low, "doe") || strings.Contains(low, "corp") || strings.Contains(low, "192.0.2.1") ||
			!strings.HasPrefix(got, "the user ") || !strings.HasSuffix(got, " is not allowed") || !strings.Contains(got, "[e-mail]") {
			t.Errorf("%s: %s", s, got)
		}
	}
	for _, s := range []string{
		"", "no permission", "@", "a@b", "10 @ 5.5", "uuid c4d9350e-783c-83cd-1ce0-306a5c00a604; filter.or: Unexpected value",
		"https://elsewhere.example.com/login?state=x", "40%40", "100%4",
	} {
		if got := fabric.HideAddresses(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// addressed are answers with the text %[1]s, which is fit for JSON, at every
// place that an error takes text from.
var addressed = []struct {
	name   string
	status int
	body   string
	header []string
}{
	{"v4", 403, `[{"errorCode":"EQ-3142402","errorMessage":"User %[1]s is not allowed","correlationId":"c %[1]s","details":"owner %[1]s","additionalInfo":[{"property":"p %[1]s","reason":"r %[1]s"}]}]`, nil},
	{"code", 400, `{"errorCode":"%[1]s"}`, nil},
	{"v3", 400, `{"errorCode":"IC-1","errorMessage":"x %[1]s","moreInfo":"y %[1]s","property":"z %[1]s"}`, nil},
	{"title", 500, `{"errorTitle":"x %[1]s","developerMessage":"y %[1]s"}`, nil},
	{"snake_case", 500, `{"error_code":"%[1]s","error_message":"x %[1]s","error_uuid":"%[1]s","developer_message":"y %[1]s"}`, nil},
	{"oauth", 401, `{"error":"%[1]s","error_description":"x %[1]s"}`, nil},
	{"fault", 403, `{"fault":{"faultstring":"x %[1]s","detail":{"errorcode":"%[1]s"}}}`, nil},
	{"fault as 200", 200, `{"fault":{"faultstring":"x %[1]s"}}`, nil},
	{"nested", 500, `{"errorMessage":{"user":"%[1]s"}}`, nil},
	{"unknown JSON", 500, `{"user":"%[1]s"}`, nil},
	{"text", 502, `<p>ask %[1]s</p>`, nil},
	{"correlation id", 500, ``, []string{"X-Correlation-Id", "%[1]s"}},
	{"redirect", 302, ``, []string{"Location", "https://%[1]s/"}},
	{"decode", 200, `{"capacity":"%[1]s"}`, nil},
	{"time", 200, `{"inboundStats":[{"mean":1,"time":"%[1]s"}]}`, nil},
	{"error as 200", 200, `{"capacity":{},"errorMessage":"x %[1]s"}`, nil},
	{"media", 200, `<`, []string{"Content-Type", "text/%[1]s"}},
	{"transport", 0, `x %[1]s`, nil},
}

// telling answers every request like one of addressed, with text in it.
func telling(i int, text string) *api {
	tt := addressed[i]
	quoted, _ := json.Marshal(text)
	fill := func(s string) string {
		if !strings.Contains(s, "%") {
			return s
		}
		return fmt.Sprintf(s, strings.Trim(string(quoted), `"`))
	}
	if tt.status == 0 {
		return &api{answer: func(int, *http.Request) (*http.Response, error) { return nil, errors.New(fill(tt.body)) }}
	}
	var header []string
	for _, h := range tt.header {
		header = append(header, fill(h))
	}
	return always(tt.status, fill(tt.body), header...)
}

func TestErrorsOfEveryShapeNameNobody(t *testing.T) {
	for i, tt := range addressed {
		for _, text := range []string{"jane.doe@corp.example", "jane.doe%40corp.example", `jane.doe\u0040corp.example`} {
			t.Run(tt.name+", "+text, func(t *testing.T) {
				hidden := []string{"jane", "corp.example"}
				if tt.name == "redirect" {
					hidden = hidden[:1] // the other is the host, which is to be shown
				}
				var seen []fabric.Attempt
				c := newClient(t, telling(i, text), watch(&seen))
				err := probe(t.Context(), c)
				if err == nil {
					t.Fatal("no error")
				}
				mustNotShow(t, "error", err, hidden...)
				mustNotShow(t, "attempt", seen[0], hidden...)

				s := newSource(t, telling(i, text))
				_, err = s.Token()
				mustNotShow(t, "login", err, hidden...)
				mustNotShow(t, "status", s.Status().Err, hidden...)
			})
		}
	}
}

// An API that knows the secret of a login may repeat it in the answer to
// another call: the one at hand, and the one before while its token lives.
func TestDataErrorsDoNotShowTheClientSecret(t *testing.T) {
	const token, older = "t0k3n-at-hand", "0ld3r-secret"
	for i, tt := range addressed {
		t.Run(tt.name, func(t *testing.T) {
			text := "a " + secret + " b " + older + " c " + token
			a := telling(i, text)
			if tt.name == "redirect" || tt.name == "media" { // hold one word
				a = telling(i, older)
			}
			current := fabric.Credentials{ClientID: "id", ClientSecret: older}
			s := newSource(t, always(200, `{"access_token":"`+token+`"}`), func(c *fabric.TokenConfig) {
				c.Credentials = func() (fabric.Credentials, error) { return current, nil }
			})
			for _, now := range []string{older, secret} {
				current.ClientSecret = now
				tok, err := s.Token()
				if err != nil {
					t.Fatal(err)
				}
				s.Invalidate(tok) // so that the next call logs in
			}
			c := newClient(t, a, func(c *fabric.Config) { c.Tokens = s })
			err := probe(t.Context(), c)
			if err == nil {
				t.Fatal("no error")
			}
			mustNotShow(t, "error", err, secret, older, token)
		})
	}
}
