package fabric

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// parseAddress checks an address that credentials will be sent to, and returns it
// without a trailing slash. Its errors begin with name and do not repeat the address,
// which may hold a password.
func parseAddress(name, raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New(name + ": not a URL")
	}
	switch {
	case u.User != nil:
		return "", errors.New(name + ": must not hold a user or a password")
	case u.Hostname() == "":
		return "", errors.New(name + ": has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", errors.New(name + ": must not have a query or a fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return strings.TrimRight(u.String(), "/"), nil
	}
	return "", fmt.Errorf("%s: scheme %q: must be https, or http on a loopback host", name, u.Scheme)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// NewTransport returns a transport fit for the API: HTTP/2 if it is offered, TLS 1.2
// or newer, and the proxy that the environment names. It trusts roots, or the roots
// of the system if roots is nil. Connections are kept between polls, and closed soon
// after they stop answering.
func NewTransport(roots *x509.CertPool) *http.Transport {
	if roots == nil {
		// Go reads the roots once, in the first handshake. If no file descriptor were
		// free then, no certificate would be trusted until the next start. So they
		// are read here.
		_, _ = x509.SystemCertPool() // the handshake reports an error
	}
	t, ok := http.DefaultTransport.(*http.Transport)
	if ok {
		t = t.Clone()
	} else {
		t = &http.Transport{ForceAttemptHTTP2: true}
	}
	t.Proxy = proxy
	t.OnProxyConnectResponse = proxyRefusal
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	t.MaxIdleConnsPerHost = 16 // all traffic goes to one host, up to Config.Concurrency at once
	t.IdleConnTimeout = 90 * time.Second
	t.HTTP2 = &http.HTTP2Config{
		// Without pings, requests on a connection that a firewall has dropped would
		// time out until the kernel notices, a quarter of an hour later.
		SendPingTimeout: 30 * time.Second,
		PingTimeout:     15 * time.Second,
	}
	return t
}

// proxy is the proxy of the environment. net/http ignores a value of HTTPS_PROXY that
// it cannot parse, or mistakes its scheme for a host; here that is an error. The
// value is not shown, as it may hold a password.
func proxy(r *http.Request) (*url.URL, error) {
	named := cmp.Or(os.Getenv("HTTPS_PROXY"), os.Getenv("https_proxy"))
	if r.URL.Scheme == "https" && named != "" {
		if !strings.Contains(named, "://") {
			named = "http://" + named
		}
		u, err := url.Parse(named)
		if err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
			return nil, errors.New("HTTPS_PROXY is not the URL of a proxy: write it like http://proxy.example.com:3128, with special characters of a password percent-encoded")
		}
	}
	return http.ProxyFromEnvironment(r)
}

// proxyRefusal is the error for a proxy that does not connect. It leaves out what
// the proxy says, which may repeat anything.
func proxyRefusal(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return fmt.Errorf("the proxy %s asks for other credentials: write them into HTTPS_PROXY, like http://user:password@%s", proxy.Host, proxy.Host)
	}
	return fmt.Errorf("the proxy %s does not connect: %d %s; let it allow the host, or name the host in NO_PROXY",
		proxy.Host, answer.StatusCode, http.StatusText(answer.StatusCode))
}

// advice says what to do about a connection that could not be made; "" if the error
// says enough.
func advice(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "if a proxy or a CA of your own signs it, name the certificate of that CA in ca_file"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the server there is not the API: correct the address (api_url, sts_url), or the proxy"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "correct the clock of this machine; if it is right, the certificate of the server, or of a proxy in between, must be renewed"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "correct the port of the address, or the proxy"
	}
	// An alert has no exported type, and an old server sends none; both texts
	// are from crypto/tls.
	if s := err.Error(); strings.Contains(s, "tls: protocol version not supported") || strings.Contains(s, "tls: server selected unsupported protocol version") {
		return "the exporter supports TLS 1.2 and newer: the server, or a proxy in between, must be updated"
	}
	return ""
}
