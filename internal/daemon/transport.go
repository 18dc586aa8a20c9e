package daemon

import (
	"crypto/x509"
	"net/http"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// Transport is the way to all that an account asks: t, or where that is nil one
// of its own, which trusts the certificates of the account's CAFile. Its idle
// connections are the caller's to close.
func Transport(a config.Account, t http.RoundTripper) (http.RoundTripper, error) {
	ca, err := a.CA()
	if err != nil {
		return nil, err
	}
	return newTransport(ca, t), nil
}

// newTransport trusts the certificates in ca, or the system's where it is "".
func newTransport(ca string, t http.RoundTripper) http.RoundTripper {
	switch {
	case t != nil:
		return t
	case ca == "":
		return fabric.NewTransport(nil)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ca)) // CA has read each of them
	return fabric.NewTransport(roots)
}

// CloseIdle closes the connections of t that nobody uses, where it keeps any.
func CloseIdle(t http.RoundTripper) {
	if c, ok := t.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
