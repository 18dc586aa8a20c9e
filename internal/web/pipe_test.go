package web_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/web"
)

// pipes is a listener in memory: a bubble can let its time pass.
type pipes struct {
	dialled chan net.Conn
	closed  chan struct{}
}

// pipeTo serves h in memory until the test calls stop.
func pipeTo(t *testing.T, h http.Handler) (p *pipes, stop func()) {
	t.Helper()
	p = &pipes{make(chan net.Conn), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- web.NewListener(p).Serve(ctx, h, testLog(t)) }()
	return p, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
}

// dial returns the client's end of a connection.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.dialled <- server
	return client
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialled:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return new(net.TCPAddr) }
