package history_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
)

// The password in the request of a receiver goes to no other server.
func TestNoRedirectOfAReceiverIsFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(other.URL, status))
		r := history.Receiver{Name: "moved", URL: server.URL, Transport: http.DefaultTransport, Timeout: time.Minute}
		if err := r.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "HTTP 30") {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}
