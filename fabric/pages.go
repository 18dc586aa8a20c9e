package fabric

import (
	"cmp"
	"encoding/json"
	"fmt"
)

const (
	pageSize = 100    // what the API allows; more was refused on real calls
	maxPages = 10_000 // as many as maxItems takes where a server allows ten on a page
	maxItems = 25_000 // of one listing: a port or connection takes a kilobyte or two in memory
)

// page is one page of a listing.
type page[T any] struct {
	items   []T
	skipped int  // records without a valid UUID, which are not among the items
	total   int  // 0 where the API does not say
	limit   int  // length of a full page
	next    bool // the API names a page after this one
}

// records is how many records the page had, those without a valid UUID included.
func (p page[T]) records() int { return len(p.items) + p.skipped }

// last reports whether a listing ends with p, up to which it had so many records.
func (p page[T]) last(records int) bool {
	if p.total == 0 {
		return p.records() == 0 || !p.next && p.records() != p.limit
	}
	return records >= p.total
}

// listing is a call that is answered in pages.
type listing[T any] struct {
	op      string
	key     func(T) string
	fetch   func(offset int) (page[T], error)
	repeats bool // a later page may have an item again
}

// read reads a listing page by page. It returns all of it or an error, never a
// part: an item that is missing would look as if it had left Equinix. So the
// total must not change on the way, and no page may repeat an item of an earlier
// one, which mostly changed places with an item that is then missing. Such an
// error passes: the next poll lists again.
//
// An item may be twice on one page. Only with repeats may a later page hold an
// item again; then the pages must at least begin differently, since a server
// that ignores the offset would send the same page for ever.
func (l listing[T]) read() ([]T, error) {
	inconsistent := func(path, format string, args ...any) error {
		return &DecodeError{Op: l.op, Path: path, Err: fmt.Errorf("listing is inconsistent: "+format, args...)}
	}
	var all []T
	var before page[T]
	offset, seen := 0, map[string]bool{}
	for n := range maxPages {
		p, err := l.fetch(offset)
		if err != nil {
			return nil, err
		}
		if n > 0 && p.total != before.total {
			return nil, inconsistent("pagination.total", "changed from %d to %d", before.total, p.total)
		}
		for i, item := range p.items {
			if seen[l.key(item)] && !l.repeats {
				return nil, inconsistent("data", "page %d has an item of an earlier page", n+1)
			}
			if i == 0 && len(before.items) > 0 && l.key(item) == l.key(before.items[0]) {
				return nil, inconsistent("data[0]", "page %d begins like the page before", n+1)
			}
		}
		for _, item := range p.items {
			seen[l.key(item)] = true
		}
		all, before = append(all, p.items...), p
		offset += p.records()
		switch {
		case offset > maxItems:
			return nil, &DecodeError{Op: l.op, Path: "data", Err: fmt.Errorf("has more than %d records in all", maxItems)}
		case p.records() == 0 && offset < p.total:
			return nil, inconsistent("data", "ends after %d of %d", offset, p.total)
		case p.last(offset):
			return all, nil
		}
	}
	return nil, &DecodeError{Op: l.op, Err: fmt.Errorf("more than %d pages", maxPages)}
}

// paginationV4 is the part of the paging information that is of use.
type paginationV4 struct {
	Total number          `json:"total"`
	Limit amount          `json:"limit"`
	Next  json.RawMessage `json:"next"`
}

func (p *paginationV4) total() int { return count(p.Total) }

func (p *paginationV4) limit() int { return cmp.Or(count(p.Limit.number), pageSize) }

// next reports whether the API names a page that follows.
func (p *paginationV4) next() bool { return len(p.Next) > len(`""`) && p.Next[0] == '"' }

// decodePage reads the page at offset; value makes an element of it what the client
// returns.
func decodePage[D, T any](c *Client, op string, offset int, b []byte, value func(*D) T, key func(T) string) (page[T], error) {
	var body struct {
		Pagination paginationV4      `json:"pagination"`
		Data       []json.RawMessage `json:"data"`
	}
	if err := decode(op, "", b, &body); err != nil {
		return page[T]{}, err
	}
	if body.Data == nil {
		return page[T]{}, &DecodeError{Op: op, Path: "data", Err: errMissing}
	}
	items, err := decodeItems(c, op, "data", offset, body.Data, value, key)
	of := body.Pagination
	return page[T]{items: items, skipped: len(body.Data) - len(items), total: of.total(), limit: of.limit(), next: of.next()}, err
}

// count is how many things n can mean.
func count(n number) int { return int(min(max(n.value, 0), maxPages*pageSize)) }

// decodeItems reads the records of a listing from offset on. A record without a
// valid UUID cannot be identified or polled: it is left out and reported to
// Config.Skipped. If none of the first page has one, that is an error: it would
// look as if everything had left Equinix.
func decodeItems[D, T any](c *Client, op, at string, offset int, raw []json.RawMessage, value func(*D) T, key func(T) string) ([]T, error) {
	if len(raw) > maxItems {
		return nil, &DecodeError{Op: op, Path: at, Err: fmt.Errorf("has more than %d records", maxItems)}
	}
	items := make([]T, 0, len(raw))
	var first error
	for i, b := range raw {
		var d D
		path := fmt.Sprintf("%s[%d]", at, i)
		if err := decodeEntity(op, path, b, &d); err != nil {
			return nil, err
		}
		item := value(&d)
		if key(item) == "" {
			first = cmp.Or(first, error(&DecodeError{Op: op, Path: join(path, "uuid"), Err: errNoneSuch}))
			continue
		}
		items = append(items, item)
	}
	if first != nil {
		c.skipped(op, len(raw)-len(items), first)
	}
	if len(items) == 0 && len(raw) > 0 && offset == 0 {
		return nil, &DecodeError{Op: op, Path: at, Err: fmt.Errorf("none of the %d records has a valid uuid", len(raw))}
	}
	return items, nil
}
