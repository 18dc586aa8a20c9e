package doctor_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
)

// Each receiver gets one request without samples, and what it answers is shown with what to do,
// never with a secret.
func TestReceivers(t *testing.T) {
	const password = "swordfish-1"
	answers := map[string]struct {
		status int
		text   string
	}{
		"/good": {204, ""}, "/off": {404, "remote write receiver not enabled"}, "/bounds": {400, "out of bounds"},
		"/login": {401, "wrong password " + password}, "/old": {415, "unsupported proto message"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if text, failed := snappy.Decode(nil, body); err != nil || failed != nil || len(text) > 0 {
			t.Errorf("%s: %q is no request without samples", r.URL.Path, body)
		}
		if _, got, _ := r.BasicAuth(); got != password || r.Header.Get("X-Scope-Orgid") != "network" || !strings.HasPrefix(r.UserAgent(), "test") {
			t.Errorf("%s: headers %v", r.URL.Path, r.Header)
		}
		w.WriteHeader(answers[r.URL.Path].status)
		fmt.Fprint(w, answers[r.URL.Path].text)
	}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	text := account(listing(unknownUUID)) + "remote_write:\n"
	receiver := func(url string) {
		text += fmt.Sprintf("  - {url: %q, headers: {X-Scope-OrgID: network}, basic_auth: {username: u, password: %s}}\n", url, password)
	}
	for path := range answers {
		receiver(server.URL + path)
	}
	receiver(strings.Replace(gone.URL, "http://", "http://name:"+password+"@", 1) + "/gone?token=" + password)
	r, err := examine(t, fabrictest.New(fabrictest.Options{}).Transport(), text)
	if err == nil {
		t.Error("no failure")
	}
	r.wants(t, "remote_write", "ok", "/good")
	r.wants(t, "remote_write", "fail", "/off", "HTTP 404", "--web.enable-remote-write-receiver")
	r.wants(t, "remote_write", "fail", "/bounds", "HTTP 400", "out_of_order_time_window")
	r.wants(t, "remote_write", "fail", "/login", "HTTP 401", "<secret>", "credentials")
	r.wants(t, "remote_write", "fail", "/old", "HTTP 415", "protobuf_message")
	r.wants(t, "remote_write", "fail", "/gone", "refused", "receiver runs")
	if n := len(r.of("remote_write")); n != 6 {
		t.Errorf("%d findings", n)
	}
	if strings.Contains(fmt.Sprint(r), password) {
		t.Errorf("the password is shown: %v", r)
	}
}
