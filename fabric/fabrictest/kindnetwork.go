package fabrictest

import (
	"crypto/x509"
	"net"
	"os"
	"syscall"
)

// networkKinds keep requests from the API. Transports of the API meet them; the
// API itself goes on listening, and can be told to end them.
var networkKinds = []Kind{
	{Name: "refused", scope: ofNetwork, Does: "the connection is refused", fault: always(Fault{Unreachable: &net.OpError{
		Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}})},
	{Name: "dns-gone", scope: ofNetwork, Does: "the name of the API has no address", fault: always(Fault{Unreachable: &net.OpError{
		Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.equinix.com", IsNotFound: true},
	}})},
	{Name: "tls-failure", scope: ofNetwork, Does: "the certificate is signed by nobody known",
		fault: always(Fault{Unreachable: x509.UnknownAuthorityError{}})},
}
