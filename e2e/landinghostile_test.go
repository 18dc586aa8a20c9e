package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
)

// What a stranger might call a port, or answer, to get at who looks at it.
const (
	markup  = `<script>window.pwned=1</script><img src=/x onerror="window.pwned=2">"'&<!--`
	turning = "turned \u202egnp.exe\u2066 \u200f"
	turned  = "turned �gnp.exe� �" // as it is shown
)

var (
	endless = strings.Repeat("Wide", 75)
	ended   = endless[:253] + "…" // as it is shown
)

const (
	lateUUID    = "c4d9350e-783c-83cd-1ce0-306a5c00a604" // Equinix has had no sample of it for hours
	failedUUID  = "c4d9350e-783c-83cd-1ce0-306a5c00a605" // its statistics answer 500
	refusedUUID = "c4d9350e-783c-83cd-1ce0-306a5c00a606" // of an account that may not log in
)

// newHostileAPI is the minimal API with a listing of ports, whose every text is
// hostile, and with the faults of the late and the failed port. An error of it
// repeats the token.
func newHostileAPI(t *testing.T) *minimalAPI {
	t.Helper()
	ports := fixturePorts()
	ports[lateUUID] = ports[uplinkUUID]
	a := newMinimalAPI(t, ports, fixtureConnections())
	mux := http.NewServeMux()
	mux.Handle("/", a.Config.Handler)
	mux.HandleFunc("GET /fabric/v4/ports", a.authorized(func(w http.ResponseWriter, _ *http.Request) {
		var listed []map[string]any
		for uuid, name := range map[string]string{uplinkUUID: markup, branchUUID: turning, spareUUID: endless, lateUUID: "late", failedUUID: "failed"} {
			listed = append(listed, map[string]any{
				"uuid": uuid, "name": name, "state": "ACTIVE", "physicalPortsSpeed": 10_000,
				"location":  map[string]string{"metroCode": `"><b>SV` + markup, "metroName": markup, "region": markup},
				"operation": map[string]string{"operationalStatus": markup},
			})
		}
		reply(w, http.StatusOK, map[string]any{"pagination": map[string]int{"offset": 0, "limit": 100, "total": len(listed)}, "data": listed})
	}))
	mux.HandleFunc("GET /ecx/v3/stats/port/"+failedUUID, a.authorized(func(w http.ResponseWriter, r *http.Request) {
		said := markup + r.Header.Get("Authorization")
		reply(w, http.StatusInternalServerError, []map[string]string{{"errorCode": "EQ-3000001" + markup, "errorMessage": said}})
	}))
	mux.HandleFunc("GET /ecx/v3/stats/port/"+lateUUID, a.authorized(func(w http.ResponseWriter, _ *http.Request) {
		p := ports[lateUUID]
		reply(w, http.StatusOK, p.answer(p.day, a.newest.Add(-3*time.Hour), 5*time.Minute))
	}))
	a.Config.Handler = mux
	return a
}

// newRefusingAPI refuses every login, and repeats what it was sent.
func newRefusingAPI(t *testing.T) *httptest.Server {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent map[string]string
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		reply(w, http.StatusUnauthorized, map[string]string{
			"errorTitle": "Login Failure", "errorCode": "S1006", "errorMessage": sent["client_secret"] + markup + turning,
		})
	}))
	t.Cleanup(api.Close)
	return api
}

func hostileConfig(hostile, refusing string) string {
	account := func(name, url string, ports ...string) string {
		return fmt.Sprintf("  - name: %s\n    api_url: %s\n%s    ports: [{uuid: %s}]\n",
			name, url, indented(inFile), strings.Join(ports, "}, {uuid: "))
	}
	return "accounts:\n" +
		account("hostile", hostile, uplinkUUID, branchUUID, spareUUID, lateUUID, failedUUID) +
		account("refused", refusing, refusedUUID) + "api: {max_retries: 0}\n"
}

func TestLandingPageOfHostileAPI(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	file := write(t, t.TempDir(), "config.yml", hostileConfig(newHostileAPI(t).URL, newRefusingAPI(t).URL))
	base := startRun(t, nil, file).url(t)
	ready(t, base) // an answer, be it a failure, was had of everything

	// The escaping must do without the policy, which would stop the rest.
	run(t, b, call(page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}))
	b.open(t, base+"/")
	if eval[bool](t, b, "'pwned' in window") {
		t.Error("a script of the API ran")
	}
	if n := eval[int](t, b, "document.querySelectorAll('script, img, td b').length"); n > 0 {
		t.Errorf("%d elements of the API's making", n)
	}
	freeOfSecrets(t, "the page", eval[string](t, b, "document.documentElement.outerHTML"), clientSecret, token)
	accounts, ports := tables(t, b)
	t.Run("accounts", func(t *testing.T) { landingShowsRefusal(t, accounts) })
	t.Run("ports", func(t *testing.T) { landingShowsFaults(t, ports) })
	for _, width := range []int64{320, 768, cards + 1, 2560} {
		t.Run(fmt.Sprintf("%d pixels", width), func(t *testing.T) {
			b.look(t, width, "", "light")
			b.audit(t, "layout()", "contrasts()", "turned()")
			b.picture(t, fmt.Sprintf("hostile-%d", width))
		})
	}
	b.loadedOnly(t, base+"/")
	for _, uuid := range []string{uplinkUUID, branchUUID, spareUUID, failedUUID, refusedUUID} {
		t.Run(uuid, func(t *testing.T) {
			b.look(t, 360, "", "dark")
			b.open(t, base+"/ports/"+uuid+"?q=%3Cscript%3E")
			if eval[bool](t, b, "'pwned' in window || document.querySelectorAll('script, img, td b').length > 0") {
				t.Error("the API's markup is in the page")
			}
			freeOfSecrets(t, "the page of the port", eval[string](t, b, "document.documentElement.outerHTML"), clientSecret, token)
			b.audit(t, "layout()", "contrasts()")
			b.picture(t, "hostile-"+uuid)
		})
	}
	b.open(t, base+"/")
	if !eval[bool](t, b, "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.pwned = 1'})), window.pwned === 1") {
		t.Error("no script runs in this page whatever it shows, so the test shows nothing")
	}
}

func landingShowsRefusal(t *testing.T, accounts []map[string]string) {
	if len(accounts) != 2 {
		t.Fatalf("%d accounts, want 2: %v", len(accounts), accounts)
	}
	matches(t, map[string]string{"Account": "hostile", "Data": "up", "Traffic source": "v3", "Token expires in": `5\dm`, "Login problem": "–"}, accounts[0])
	refusal := "login refused, 1 in a row; .* check client_id and client_secret.*<script>window.pwned=1</script>.*"
	matches(t, map[string]string{
		"Account": "refused", "Data": "down", "Traffic source": "–", "Token expires in": "–",
		"Login problem": "held back: " + refusal, "Last error": ".*" + refusal,
	}, accounts[1])
}

func landingShowsFaults(t *testing.T, ports []map[string]string) {
	got := map[string]map[string]string{} // by UUID
	for _, p := range ports {
		got[regexp.MustCompile(`[0-9a-f-]{36}`).FindString(p["Port"])] = p
	}
	if len(got) != 6 {
		t.Fatalf("%d ports, want 6: %v", len(got), ports)
	}
	metro := regexp.QuoteMeta(`"><b>SV` + markup)
	const ageOfLate = `3h\d+m`
	for uuid, want := range map[string]map[string]string{
		uplinkUUID:  {"Port": regexp.QuoteMeta(markup) + " hostile\n.*", "Metro": metro, "Status": regexp.QuoteMeta(markup), "Out": `48 Mbit/s\s.*`},
		branchUUID:  {"Port": regexp.QuoteMeta(turned) + " ?hostile\n.*"},
		spareUUID:   {"Port": ended + " hostile\n.*"},
		lateUUID:    {"Port": "late hostile\n.*\nno current sample: inbound, outbound", "In": `–\s.*`, "Out": `–\s.*`, "Sample age": ageOfLate},
		failedUUID:  {"Port": "failed hostile\n.*\ntraffic 1d: .*500.*<script>window.pwned=1</script>.*…", "In": `–\s.*`, "Sample age": "–", "Polled ago": "–"},
		refusedUUID: {"Port": refusedUUID + " refused\ntraffic 1d: .*login refused.*", "In": `–\s.*`, "Connections": "–"},
	} {
		matches(t, want, got[uuid])
	}
}
