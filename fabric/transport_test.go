package fabric_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// secure is a server for example.com with TLS as edit says, and a transport that
// trusts it and sends everything there.
func secure(t *testing.T, h http.HandlerFunc, edit func(*tls.Config)) *http.Transport {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of what is tested
	srv.TLS = new(tls.Config)
	edit(srv.TLS)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	for _, c := range srv.TLS.Certificates {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		roots.AddCert(leaf)
	}
	return sentTo(t, srv, fabric.NewTransport(roots))
}

// sentTo makes tr connect to srv, whatever host is asked for.
func sentTo(t *testing.T, srv *httptest.Server, tr *http.Transport) *http.Transport {
	tr.Proxy = nil
	tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", srv.Listener.Addr().String())
	}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// expired is a certificate that was good for example.com until yesterday.
func expired(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"},
		NotBefore: time.Now().AddDate(0, 0, -2), NotAfter: time.Now().AddDate(0, 0, -1),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLSTrustsRootsFrom12On(t *testing.T) {
	tr := secure(t, func(w http.ResponseWriter, r *http.Request) {
		if r.TLS.Version != tls.VersionTLS12 {
			t.Errorf("version %x", r.TLS.Version)
		}
		_, _ = io.WriteString(w, idle)
	}, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	if err := probe(t.Context(), newClient(t, tr, func(c *fabric.Config) { c.BaseURL = "https://example.com" })); err != nil {
		t.Error(err)
	}
}

// Whatever is wrong with the other end, nothing is sent to it, and the error
// says what to do.
func TestTLSFailuresSayWhatToDo(t *testing.T) {
	never := func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s was sent", r.Method, r.URL) }
	plain := httptest.NewServer(http.HandlerFunc(never))
	defer plain.Close()
	unchanged := func(*tls.Config) {}
	stranger := secure(t, never, unchanged)
	stranger.TLSClientConfig.RootCAs = nil
	for _, tt := range []struct {
		name      string
		transport *http.Transport
		host      string
		what, do  string
	}{
		{"nothing newer than TLS 1.1", secure(t, never, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}), "example.com", "protocol version not supported", "the exporter supports TLS 1.2 and newer"},
		{"another host's certificate", secure(t, never, unchanged), "example.org", "not example.org", "correct the address (api_url, sts_url)"},
		{"an unknown CA", stranger, "example.com", "unknown authority", "in ca_file"},
		{"expired", secure(t, never, func(c *tls.Config) {
			c.Certificates = []tls.Certificate{expired(t)}
		}), "example.com", "certificate has expired", "correct the clock of this machine"},
		{"no TLS at all", sentTo(t, plain, fabric.NewTransport(nil)), "example.com", "does not look like a TLS handshake", "correct the port"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSource(t, tt.transport, func(c *fabric.TokenConfig) { c.BaseURL = "https://" + tt.host })
			c := newClient(t, tt.transport, func(c *fabric.Config) { c.BaseURL = "https://" + tt.host })
			_, login := s.TokenContext(t.Context())
			for name, err := range map[string]error{"login": login, "call": probe(t.Context(), c)} {
				if err == nil || !strings.Contains(err.Error(), tt.what) || !strings.Contains(err.Error(), tt.do) {
					t.Errorf("%s: %v\nwant %q and %q", name, err, tt.what, tt.do)
				}
				if r := fabric.Reason(err); r != fabric.ReasonTransport {
					t.Errorf("%s: reason %s", name, r)
				}
			}
			if n := s.Status().Refusals; n != 0 {
				t.Errorf("it counts as %d refused logins", n)
			}
		})
	}
}

// No redirect is followed, wherever it leads: neither the token of a call nor
// what a login sends goes anywhere but to the address that was configured.
func TestNoRedirectIsFollowed(t *testing.T) {
	elsewhere := func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was followed, with %d headers", r.Method, r.URL, len(r.Header))
	}
	other, plain := httptest.NewTLSServer(http.HandlerFunc(elsewhere)), httptest.NewServer(http.HandlerFunc(elsewhere))
	defer other.Close()
	defer plain.Close()
	var calls atomic.Int64
	var status int
	var target string
	origin := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.Header().Set("Location", target)
		w.WriteHeader(status)
	}))
	defer origin.Close()
	tr, ok := origin.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatalf("transport %T", origin.Client().Transport)
	}
	send := map[string]func() error{
		"call": func() error {
			return probe(t.Context(), newClient(t, tr, retries(3), func(c *fabric.Config) { c.BaseURL = origin.URL }))
		},
		"login": func() error {
			_, err := newSource(t, tr, func(c *fabric.TokenConfig) { c.BaseURL, c.MaxRetries = origin.URL, 3 }).TokenContext(t.Context())
			return err
		},
		"exchange": func() error {
			_, err := newExchange(t, tr, fixed(subjectToken), func(c *fabric.TokenConfig) {
				c.Exchange.URL, c.MaxRetries = origin.URL+"/v1/token", 3
			}).TokenContext(t.Context())
			return err
		},
	}
	for name, do := range send {
		for _, code := range []int{301, 302, 303, 307, 308} {
			for where, root := range map[string]string{"another host": other.URL, "plain HTTP": plain.URL, "the same host": origin.URL} {
				t.Run(fmt.Sprintf("%s, %d to %s", name, code, where), func(t *testing.T) {
					calls.Store(0)
					status, target = code, root+"/elsewhere?with=a+secret"
					err := do()
					if err == nil || !strings.Contains(err.Error(), "redirected to "+root+", which is not followed") || strings.Contains(err.Error(), "a+secret") {
						t.Errorf("error %v", err)
					}
					if n := calls.Load(); n != 1 {
						t.Errorf("%d requests", n)
					}
				})
			}
		}
	}
}
