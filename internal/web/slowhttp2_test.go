package web_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// All streams of HTTP/2 share one connection, whose deadline would hit those who
// read as well.
func TestOldestAnswersMakeRoomOverHTTP2(t *testing.T) {
	o := newOptions(t, nil)
	long(o, 8<<20) // more than a client takes without being asked
	base := "https://" + serve(t, web.Handler(o), flags(webConfig(t, true)))
	transport := &http.Transport{
		ForceAttemptHTTP2: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the certificate names nobody
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var slow []*http.Response
	for range 9 {
		resp := get(t, client, base+"/metrics", "scraper")
		defer resp.Body.Close()
		if resp.ProtoMajor != 2 {
			t.Fatalf("%s", resp.Proto)
		}
		slow = append(slow, resp)
	}
	if _, err := io.ReadAll(slow[0].Body); err == nil {
		t.Error("the oldest is still there after nine")
	}
	if text, err := io.ReadAll(slow[8].Body); err != nil || len(text) < 8<<20 {
		t.Errorf("the youngest has %d bytes: %v", len(text), err)
	}
}
