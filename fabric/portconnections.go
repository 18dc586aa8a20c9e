package fabric

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	maxBatch     = 100       // ports in one search; the API names no limit
	growAfter    = time.Hour // before a learnt maximum is doubled again: it may have been a passing one
	noRightPause = time.Hour // before a search that is refused for every port is taken apart again
)

// PortConnections lists the connections of the ports with as few searches as
// the API allows, and hands each batch of ports to each, once, with the
// connections that have one of them on either side, or with the error that kept
// them from being known. A connection between ports of two batches is in both.
//
// Where the API refuses a batch it is halved, down to the ports that are
// refused by themselves; what was learnt saves those calls next time, for a
// while.
//
// each is called in the caller's goroutine, one batch after the other. The
// error is nil unless ctx ended; the remaining ports were then not handed over.
func (c *Client) PortConnections(ctx context.Context, ports []string, each func(ports []string, conns []Connection, err error)) error {
	ports = distinct(ports)
	b := &batches{client: c, each: each, split: c.searches.maySplit()}
	for queue := c.searches.plan(ports); len(queue) > 0; queue = queue[1:] {
		_, err := b.ask(ctx, queue[0])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !b.split && refusesSearch(err) {
			// Nothing is allowed, as before: one call says it for all.
			if rest := slices.Concat(queue[1:]...); len(rest) > 0 {
				each(rest, nil, err)
			}
			return nil
		}
		if err == nil {
			b.split = true
			c.searches.allow()
		}
	}
	if len(ports) > 1 && b.refused == len(ports) {
		c.searches.forbid()
	}
	return nil
}

// batches is one run of PortConnections.
type batches struct {
	client  *Client
	each    func([]string, []Connection, error)
	split   bool // refused batches may be halved
	refused int  // ports that were refused by themselves
}

// ask searches for a batch and hands the outcome over. whole is false where
// the batch had to be halved for it.
func (b *batches) ask(ctx context.Context, ports []string) (whole bool, err error) {
	conns, err := b.client.gather(ctx, ports)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case refusesSearch(err) && b.split && len(ports) > 1:
		return false, b.halve(ctx, ports, refusesSize(err))
	case refusesSearch(err) && len(ports) == 1:
		b.refused++
		b.client.searches.setAlone(ports[0], true)
	case err == nil && len(ports) == 1:
		b.client.searches.setAlone(ports[0], false)
	}
	b.each(ports, conns, err)
	return err == nil, err
}

// halve asks for both halves of a refused batch. Where neither is refused, and
// the whole is again, the size was to blame.
func (b *batches) halve(ctx context.Context, ports []string, forSize bool) error {
	size := (len(ports) + 1) / 2
	first, err := b.ask(ctx, ports[:size:size])
	if ctx.Err() != nil {
		return err
	}
	second, err := b.ask(ctx, ports[size:])
	if forSize && first && second && b.client.searches.size() > size {
		if _, again := b.client.gather(ctx, ports); refusesSize(again) {
			b.client.searches.limit(size)
		}
	}
	return err
}

// refusesSize reports whether the API may refuse a search for its size. A
// missing right or port says nothing about that.
func refusesSize(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && refusesSearch(err) && e.Status != http.StatusForbidden && e.Status != http.StatusNotFound
}

// refusesSearch reports whether the API refuses a search for what is asked,
// its size or a port in it, and not for who asks or for lack of an API.
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

// searches is what refused searches taught. Its zero value knows nothing.
type searches struct {
	mu        sync.Mutex
	max       int             // ports that go into one search; 0 is maxBatch
	learnt    time.Time       // when max was set
	alone     map[string]bool // ports that spoil every batch
	forbidden time.Time       // until then nothing is allowed, and not taken apart
}

// plan divides ports into batches.
func (s *searches) plan(ports []string) [][]string {
	size := s.size()
	s.mu.Lock()
	defer s.mu.Unlock()
	var together []string
	var apart [][]string
	for _, p := range ports {
		if s.alone[p] {
			apart = append(apart, []string{p})
		} else {
			together = append(together, p)
		}
	}
	return slices.Concat(slices.Collect(slices.Chunk(together, size)), apart)
}

// size is how many ports may go into one search now.
func (s *searches) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); s.max != 0 && now.Sub(s.learnt) >= growAfter {
		s.max, s.learnt = min(2*s.max, maxBatch), now
	}
	return cmp.Or(s.max, maxBatch)
}

func (s *searches) limit(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max, s.learnt = size, time.Now()
}

func (s *searches) setAlone(port string, alone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !alone {
		delete(s.alone, port)
		return
	}
	if s.alone == nil {
		s.alone = make(map[string]bool)
	}
	s.alone[port] = true
}

func (s *searches) maySplit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !time.Now().Before(s.forbidden)
}

// forbid is for an account without any right to search: no port is to blame.
func (s *searches) forbid() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone = nil
	s.forbidden = time.Now().Add(noRightPause)
}

func (s *searches) allow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbidden = time.Time{}
}
