package web

import (
	"net"

	toolkit "github.com/prometheus/exporter-toolkit/web"
)

// NewListener is a Listener without TLS or passwords on a socket that is open.
func NewListener(ln net.Listener) *Listener {
	return &Listener{tcp: []net.Listener{ln}, config: toolkit.FlagConfig{WebConfigFile: new("")}}
}
