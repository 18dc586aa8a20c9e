package fabric

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"
)

// NewTransport returns a transport fit for the API: HTTP/2 where it is offered,
// TLS 1.2 or newer, the proxy that the environment names. Connections are kept
// between polls, and given up soon when nobody answers on them any more.
func NewTransport() *http.Transport {
	// The roots are read once, by the first handshake. Should that be at a moment
	// without a free file descriptor, no certificate would be trusted ever after.
	_, _ = x509.SystemCertPool() // the handshake tells if there are none
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	t.MaxIdleConnsPerHost = 16 // all traffic goes to one host, up to Config.Concurrency at once
	t.IdleConnTimeout = 90 * time.Second
	t.HTTP2 = &http.HTTP2Config{
		// Without pings a connection that a firewall forgot times every
		// request out until the kernel notices, a quarter of an hour later.
		SendPingTimeout: 30 * time.Second,
		PingTimeout:     15 * time.Second,
	}
	return t
}
