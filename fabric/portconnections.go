package fabric

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// maxRefused is how many ports a search for connections may be refused for, one
// by one, before it is taken to be refused for every port.
const maxRefused = 8

// PortConnections lists the connections of the ports with a search for every
// hundred ports, and hands each batch of ports to each, once, with the
// connections that have one of them on either side, or with the error that kept
// them from being known. A connection between ports of two batches is in both;
// one that the API lists twice comes twice.
//
// If the API refuses a search, for its size or for a port in it, the batch is
// halved, down to the ports that are refused by themselves. If the first eight
// of those are refused and no search is answered, the account lacks the right,
// and all other ports are handed over with that error.
//
// each is called in the caller's goroutine, one batch after the other. The
// error is nil unless ctx ended; the remaining ports were then not handed over.
func (c *Client) PortConnections(ctx context.Context, ports []string, each func(ports []string, conns []Connection, err error)) error {
	batches := slices.Collect(slices.Chunk(distinct(ports), pageSize))
	answered, refused := false, 0
	for len(batches) > 0 {
		batch := batches[0]
		batches = batches[1:]
		conns, err := c.gather(ctx, batch)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refusesSearch(err) && len(batch) > 1 {
			half := (len(batch) + 1) / 2
			batches = append([][]string{batch[:half:half], batch[half:]}, batches...)
			continue
		}
		each(batch, conns, err)
		answered = answered || err == nil
		if refusesSearch(err) {
			refused++
		}
		if !answered && refused == maxRefused && len(batches) > 0 {
			each(slices.Concat(batches...), nil, err)
			return nil
		}
	}
	return nil
}

// refusesSearch reports whether the API refuses a search for what is asked, its
// size or a port in it, and not for who asks or because there is no such API.
func refusesSearch(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Op != OpSearchConnections || e.Fault || e.Quota {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return true
	}
	return false
}
