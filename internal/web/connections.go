package web

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConnections is how many connections are open at a time, on all addresses
// together. A Prometheus server keeps one; each costs a file descriptor and some
// ten KiB.
const maxConnections = 512

// connections keeps the number of open ones in bounds. Beyond them the one that
// has been idle longest makes room; where none is idle, the new one goes.
type connections struct {
	log *slog.Logger

	mu   sync.Mutex
	idle map[net.Conn]time.Time // every open one, since when it is idle; zero: it is in use
	said time.Time
}

func newConnections(log *slog.Logger) *connections {
	return &connections{log: log, idle: map[net.Conn]time.Time{}}
}

// changed is told of every change, as [http.Server.ConnState].
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		c.idle[conn] = time.Time{}
		if len(c.idle) > maxConnections {
			c.shed(conn)
		}
	case http.StateActive:
		c.idle[conn] = time.Time{}
	case http.StateIdle:
		c.idle[conn] = time.Now()
	case http.StateClosed, http.StateHijacked:
		delete(c.idle, conn)
	}
}

// shed closes one connection, newest unless another is idle. Its server forgets
// it soon after.
func (c *connections) shed(newest net.Conn) {
	victim, since := newest, time.Time{}
	for conn, idle := range c.idle {
		if !idle.IsZero() && (since.IsZero() || idle.Before(since)) {
			victim, since = conn, idle
		}
	}
	c.idle[victim] = time.Time{} // not twice
	if now := time.Now(); now.Sub(c.said) >= time.Minute {
		c.said = now
		c.log.Warn("too many connections; closing idle or new ones", "limit", maxConnections)
	}
	if t, ok := victim.(*tls.Conn); ok {
		victim = t.NetConn() // without a farewell, which could take seconds
	}
	_ = victim.Close()
}
