package fabric

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
)

// advice is what to do about a connection that could not be made, "" where the
// cause speaks for itself.
func advice(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "where a proxy or a CA of your own signs it, name the certificate of that CA in ca_file"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "something else than the API answers there: correct the address (api_url, sts_url), or the proxy"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "correct the clock of this machine; if it is right, whoever runs the server, or a proxy in between, must renew it"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "correct the port of the address, or the proxy"
	}
	// An alert has no exported type, and an old server sends none; both texts
	// are those of crypto/tls.
	if s := err.Error(); strings.Contains(s, "tls: protocol version not supported") || strings.Contains(s, "tls: server selected unsupported protocol version") {
		return "the exporter speaks TLS 1.2 and newer: have the server, or a proxy in between, brought up to date"
	}
	return ""
}
