package fabric

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

const (
	pageSize = 100    // the API refuses more
	maxPages = 10_000 // of one listing
	maxItems = 25_000 // of one listing: a port or connection takes a kilobyte or two in memory
)

// search is the body of a search call.
type search struct {
	Filter     filter     `json:"filter"`
	Sort       []sorting  `json:"sort,omitempty"`
	Pagination pagination `json:"pagination"`
}

type filter struct {
	And []condition `json:"and,omitempty"`
	Or  []condition `json:"or,omitempty"`
}

type condition struct {
	Property string   `json:"property"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type sorting struct {
	Property  string `json:"property"`
	Direction string `json:"direction"`
}

type pagination struct {
	Offset int `json:"offset"`
	Limit  int `json:"limit"`
}

// page is one page of a listing.
type page[T any] struct {
	items   []T
	records int  // of the page; items lacks those without a valid UUID
	total   int  // of the whole listing; 0 if the API does not say
	limit   int  // length of a full page
	next    bool // the API says that there is another page
}

// last reports whether a listing ends with p. records is the number of records of all pages up to p.
func (p page[T]) last(records int) bool {
	if p.total == 0 {
		return p.records == 0 || !p.next && p.records != p.limit
	}
	return records >= p.total
}

// list reads a listing page by page. It returns the whole listing or an error: a
// missing item would look as if it no longer existed at Equinix. So the total must
// not change between pages, and no page may repeat an item of an earlier page: that
// item has usually changed places with another, which is then missing. The next poll
// lists again.
//
// An item may be twice on one page. With repeats, a later page may hold an item
// again; then only the first items must differ, since a server that ignores the
// offset would send the same page for ever.
func list[T interface{ id() string }](op string, repeats bool, fetch func(offset int) (page[T], error)) ([]T, error) {
	inconsistent := func(path, format string, args ...any) error {
		return &DecodeError{Op: op, Path: path, Err: fmt.Errorf("listing is inconsistent: "+format, args...)}
	}
	var all []T
	var before page[T]
	offset, seen := 0, map[string]bool{}
	for n := range maxPages {
		p, err := fetch(offset)
		if err != nil {
			return nil, err
		}
		if n > 0 && p.total != before.total {
			return nil, inconsistent("pagination.total", "changed from %d to %d", before.total, p.total)
		}
		for i, item := range p.items {
			if seen[item.id()] && !repeats {
				return nil, inconsistent("data", "page %d has an item of an earlier page", n+1)
			}
			if i == 0 && len(before.items) > 0 && item.id() == before.items[0].id() {
				return nil, inconsistent("data[0]", "page %d begins like the page before", n+1)
			}
		}
		for _, item := range p.items {
			seen[item.id()] = true
		}
		all, before = append(all, p.items...), p
		offset += p.records
		switch {
		case offset > maxItems:
			return nil, &DecodeError{Op: op, Path: "data", Err: fmt.Errorf("has more than %d records in all", maxItems)}
		case p.records == 0 && offset < p.total:
			return nil, inconsistent("data", "ends after %d of %d", offset, p.total)
		case p.last(offset):
			return all, nil
		}
	}
	return nil, &DecodeError{Op: op, Err: fmt.Errorf("more than %d pages", maxPages)}
}

// sequence yields the items of a list, or only its error.
func sequence[T any](list func() ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		items, err := list()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// paginationV4 is what the API says of a page.
type paginationV4 struct {
	Total number          `json:"total"`
	Limit amount          `json:"limit"`
	Next  json.RawMessage `json:"next"` // an address, null, "" or absent
}

// count is n as a number of items.
func count(n number) int { return int(min(max(n.value, 0), maxPages*pageSize)) }

// decodePage decodes the page of records that begins at offset. convert turns an
// element D of the JSON into what the client returns.
func decodePage[D any, T interface{ id() string }](c *Client, op string, offset int, b []byte, convert func(*D) T) (page[T], error) {
	var body struct {
		Pagination paginationV4      `json:"pagination"`
		Data       []json.RawMessage `json:"data"`
	}
	if err := decode(b, &body); err != nil {
		return page[T]{}, err
	}
	if body.Data == nil {
		return page[T]{}, &DecodeError{Path: "data", Err: errMissing}
	}
	items, err := decodeRecords(c, op, "data", offset, body.Data, convert)
	return page[T]{
		items: items, records: len(body.Data),
		total: count(body.Pagination.Total),
		limit: cmp.Or(count(body.Pagination.Limit.number), pageSize),
		next:  len(body.Pagination.Next) > len(`""`) && body.Pagination.Next[0] == '"',
	}, err
}

// decodeRecords decodes the records of a listing from offset on. A record without a
// valid UUID cannot be identified or polled: it is left out and reported to
// Config.Skipped. If no record of the first page has one, that is an error: it would
// look as if nothing existed at Equinix any more.
func decodeRecords[D any, T interface{ id() string }](c *Client, op, at string, offset int, raw []json.RawMessage, convert func(*D) T) ([]T, error) {
	if len(raw) > maxItems {
		return nil, &DecodeError{Path: at, Err: fmt.Errorf("has more than %d records", maxItems)}
	}
	items := make([]T, 0, len(raw))
	var first error
	for i, b := range raw {
		var d D
		path := func() string { return fmt.Sprintf("%s[%d]", at, i) }
		if err := decodeEntity(b, &d); err != nil {
			return nil, located(path(), err)
		}
		item := convert(&d)
		if item.id() == "" {
			first = cmp.Or(first, error(&DecodeError{Op: op, Path: join(path(), "uuid"), Err: errNotUUID}))
			continue
		}
		items = append(items, item)
	}
	if first != nil {
		c.skipped(op, len(raw)-len(items), first)
	}
	if len(items) == 0 && len(raw) > 0 && offset == 0 {
		return nil, &DecodeError{Path: at, Err: fmt.Errorf("none of the %d records has a valid uuid", len(raw))}
	}
	return items, nil
}

var (
	errMissing = errors.New("missing")
	errNotUUID = errors.New("missing or not a uuid")
)
