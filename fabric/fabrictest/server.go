package fabrictest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// readHeaderTimeout is generous: the callers are on the same machine.
const readHeaderTimeout = 10 * time.Second

// Serve answers requests on ln until ctx ends, which closes the listener and
// all connections; then it returns nil. It blocks. A test that has no context
// at hand can give the API to httptest.NewServer instead.
func (a *API) Serve(ctx context.Context, ln net.Listener) error {
	srv := &http.Server{Handler: a, ReadHeaderTimeout: readHeaderTimeout}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
