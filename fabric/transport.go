package fabric

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// NewTransport returns a transport fit for the API: HTTP/2 where it is offered,
// TLS 1.2 or newer, the proxy that the environment names. It trusts roots, or
// the system's where they are nil. Connections are kept between polls, and given
// up soon when nobody answers on them any more.
func NewTransport(roots *x509.CertPool) *http.Transport {
	if roots == nil {
		// The roots are read once, by the first handshake. Should that be at a moment
		// without a free file descriptor, no certificate would be trusted ever after.
		_, _ = x509.SystemCertPool() // the handshake tells if there are none
	}
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{ForceAttemptHTTP2: true}
	}
	t.Proxy = proxy
	t.OnProxyConnectResponse = tunnel
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
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

// proxy is that of the environment. What net/http cannot read there it passes
// by in silence, or takes its scheme for a host. The value is not shown, as it
// may hold a password.
func proxy(r *http.Request) (*url.URL, error) {
	if named := cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy")); r.URL.Scheme == "https" && named != "" && !namesProxy(named) {
		return nil, errors.New("HTTPS_PROXY is no URL of a proxy: write it like http://proxy.example.com:3128, a password with its odd characters escaped")
	}
	return http.ProxyFromEnvironment(r)
}

func namesProxy(s string) bool {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme)
}

// tunnel refuses a proxy that does not connect, in words that name it. What it
// says itself is left out: nobody knows what it repeats.
func tunnel(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return fmt.Errorf("the proxy %s wants other credentials: write them into HTTPS_PROXY, like http://user:password@%s", proxy.Host, proxy.Host)
	}
	return fmt.Errorf("the proxy %s does not connect: %d %s; let it allow the host, or name the host in NO_PROXY",
		proxy.Host, answer.StatusCode, http.StatusText(answer.StatusCode))
}
