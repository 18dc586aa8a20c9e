package e2e_test

import (
	"net/http"
	"strings"
	"testing"
)

// newTellingAPI refuses the minimal API's statistics and searches with whom it
// knows and what it was sent.
func newTellingAPI(t *testing.T) *minimalAPI {
	t.Helper()
	a := newMinimalAPI(t, fixturePorts(), fixtureConnections())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth2/v1/token", a.logIn)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusForbidden, []map[string]string{{
			"errorCode": "EQ-3000007", "errorMessage": "User jane.doe@corp.example is not allowed",
			"details":       "owner noc%40corp.example, client " + clientSecret + ", " + r.Header.Get("Authorization"),
			"correlationId": "for jane.doe@corp.example",
		}})
	})
	a.Config.Handler = mux
	return a
}

// What an API says of people, and repeats of secrets, is shown nowhere.
func TestErrorsShowNeitherAddressesNorSecrets(t *testing.T) {
	t.Parallel()
	api := newTellingAPI(t)
	config := write(t, t.TempDir(), "config.yml", fixtureConfig(api, inFile...)+"api: {max_retries: 0}\n")
	x := startRun(t, nil, config, "--log.level=debug")
	base := x.url(t)
	ready(t, base)
	shown := map[string]string{"the metrics": "", "the page": ""}
	for where, path := range map[string]string{"the metrics": "/metrics", "the page": "/"} {
		shown[where] = string(mustAsk(t, http.MethodGet, base+path, nil).body)
	}
	shown["the log"] = x.stderr.String()
	for _, args := range [][]string{{"ports"}, {"ports", "-o", "json"}, {"doctor"}, {"doctor", "-o", "json"}} {
		y := start(t, nil, append(args, "--config.file="+config, "--log.level=debug")...)
		y.wait(t)
		shown[strings.Join(args, " ")] = y.stdout.String() + y.stderr.String()
	}
	for where, text := range shown {
		freeOfSecrets(t, where, text, "jane", "noc", "corp.example", clientSecret, token)
		if where != "the metrics" && !strings.Contains(text, "[e-mail] is not allowed") {
			t.Errorf("%s has nothing of the error, so nothing is proven:\n%s", where, text)
		}
	}
}
