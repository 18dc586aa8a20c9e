package fabric_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// hostileNames are names as JSON spells them, and as they are shown.
var hostileNames = []struct{ name, json, want string }{
	{"plain", `"sv1 \"pri\" \\ 1"`, `sv1 "pri" \ 1`},
	{"of the world", `"Zürich 東京 ✈"`, "Zürich 東京 ✈"},
	{"line breaks and other controls", `"a\nlevel=error\r\t\u0000\u001b[31mb"`, "a�level=error����[31mb"},
	{"moves the text around it", `"\u202eexe.doc\u2028\u200b"`, "�exe.doc��"},
	{"leaves no mark", `"a\u3164\u115f\u034f\u2800\ufe00\u17b4b"`, "a������b"},
	{"a coloured symbol", `"✈\ufe0f"`, "✈\ufe0f"},
	{"no UTF-8", "\"a\xff\xfeb\"", "a��b"},
	{"half a pair", `"a\ud800b"`, "a�b"},
	{"as long as may be", `"` + strings.Repeat("x", 256) + `"`, strings.Repeat("x", 256)},
	{"too long by one", `"` + strings.Repeat("x", 257) + `"`, strings.Repeat("x", 253) + "…"},
	{"a megabyte", `"` + strings.Repeat("x", 1<<20) + `"`, strings.Repeat("x", 253) + "…"},
	{"a megabyte of three bytes each", `"` + strings.Repeat("東", 1<<18) + `"`, strings.Repeat("東", 84) + "…"},
	{"a megabyte of controls", `"` + strings.Repeat(`\u0001`, 1<<18) + `"`, strings.Repeat("�", 84) + "…"},
}

func TestNamesAreFitToBeShown(t *testing.T) {
	for _, tt := range hostileNames {
		t.Run(tt.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"uuid":"`+id("p")+`","name":%[1]s,"state":%[1]s,"location":{"metroName":%[1]s}}`, tt.json)
			p, err := newClient(t, always(200, body)).Port(t.Context(), id("p"))
			if err != nil || p.Name != tt.want || p.State != tt.want || p.MetroName != tt.want {
				t.Errorf("port %q in %q of %q, %v; want %q", p.Name, p.State, p.MetroName, err, tt.want)
			}
			body = fmt.Sprintf(`{"data":[{"uuid":"`+id("c")+`","name":%[1]s,"aSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}},`+
				`"zSide":{"accessPoint":{"profile":{"name":%[1]s},"linkProtocol":{"vlanTag":%[1]s}}}}]}`, tt.json)
			conns, err := connections(t.Context(), newClient(t, always(200, body)), id("p"))
			if err != nil || len(conns) != 1 {
				t.Fatalf("connections %v, %v", conns, err)
			}
			if c := conns[0]; c.Name != tt.want || c.ZSide.Name != tt.want || c.ZSide.VLAN != tt.want {
				t.Errorf("connection %q to %q by %q, want %q", c.Name, c.ZSide.Name, c.ZSide.VLAN, tt.want)
			}
		})
	}
}

// What is no UUID is left out of listings: cut or replaced it could be that of
// another thing, and it would become part of a path.
func TestInvalidUUIDsAreNotUsed(t *testing.T) {
	for _, text := range []string{
		"", " ", "1", "p", "../../v1/x", id("p") + "/x", "x" + id("p"), id("p")[1:], strings.ReplaceAll(id("p"), "-", ""),
		"g" + id("p")[1:], id("p") + "\x00", strings.Repeat("a", 257), "é", "\xff",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"data":[{"uuid":%q},{"uuid":%s}]}`, id("ok"), quoted)
		ports, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
		if err != nil || len(ports) != 1 || ports[0].UUID != id("ok") {
			t.Errorf("%q: %v, %v", text, ports, err)
		}
		body = fmt.Sprintf(`{"uuid":%q,"redundancy":{"group":%s,"priority":"PRIMARY"}}`, id("p"), quoted)
		p, err := newClient(t, always(200, body)).Port(t.Context(), id("p"))
		if err != nil || p.RedundancyGroup != "" || p.RedundancyPriority != "PRIMARY" {
			t.Errorf("group %q: %q, %v", text, p.RedundancyGroup, err)
		}
		if _, err := newClient(t, always(200, idle)).PortStatsV3(t.Context(), text, from, to); err == nil {
			t.Errorf("%q is asked for", text)
		}
	}
}

// checkTidy fails for a text anywhere in v that is not fit to be shown.
func checkTidy(t *testing.T, v any) {
	t.Helper()
	walkTexts(reflect.ValueOf(v), func(s string) {
		if len(s) > 256 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%d bytes: %.300q in %T", len(s), s, v)
		}
	})
}

func walkTexts(v reflect.Value, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Slice:
		for i := range v.Len() {
			walkTexts(v.Index(i), visit)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			walkTexts(field, visit)
		}
	}
}

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

func TestErrorsOfEveryShapeContainNoAddresses(t *testing.T) {
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
				_, err = s.TokenContext(t.Context())
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
				tok, err := s.TokenContext(t.Context())
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
