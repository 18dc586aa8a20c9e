package web

import (
	"net"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// MaxConnections is the bound on open connections.
const MaxConnections = maxConnections

// NewListener is a Listener without TLS or passwords on a socket that is open.
func NewListener(ln net.Listener) *Listener {
	return &Listener{tcp: []net.Listener{ln}, config: toolkit.FlagConfig{WebConfigFile: new("")}}
}
