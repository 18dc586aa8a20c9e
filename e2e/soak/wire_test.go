package soak_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// network is one of pipes: addresses lead to listeners.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener
}

// listen returns the listener of an address until the test ends it.
func (n *network) listen(address string) *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := &listener{address: pipeAddress(address), dialled: make(chan net.Conn), closed: make(chan struct{})}
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	n.listeners[address] = l
	return l
}

// transport is the exporter's own, but dials into the network.
func (n *network) transport() *http.Transport {
	t := fabric.NewTransport(nil)
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		n.mu.Lock()
		l := n.listeners[address]
		n.mu.Unlock()
		if l == nil {
			return nil, &net.OpError{Op: "dial", Net: "pipe", Err: net.UnknownNetworkError(address)}
		}
		client, server := net.Pipe()
		select {
		case l.dialled <- server:
			return client, nil
		case <-l.closed:
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return t
}

type pipeAddress string

// Network implements net.Addr.
func (pipeAddress) Network() string { return "pipe" }

// String implements net.Addr.
func (a pipeAddress) String() string { return string(a) }

// listener is a net.Listener in memory.
type listener struct {
	address pipeAddress
	dialled chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.dialled:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return l.address }

// serve runs an HTTP server in the background and returns what ends it.
func serve(t *testing.T, l *listener, h http.Handler) (stop func()) {
	t.Helper()
	server := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l)
	}()
	return func() {
		_ = server.Close()
		<-ended
	}
}
