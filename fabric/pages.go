package fabric

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
)

const (
	pageSize = 100    // what the API allows; more was refused on real calls
	maxPages = 10_000 // as many as maxItems takes where a server allows ten on a page
	maxItems = 25_000 // of one listing: a port or connection takes a kilobyte or two in memory
)

// page is one page of a listing.
type page[T any] struct {
	items   []T
	skipped int  // records without a usable UUID, which are not among the items
	total   int  // 0 where the API does not say
	limit   int  // length of a full page
	next    bool // the API names a page after this one
}

// records is how many records the page had, those without a usable UUID included.
func (p page[T]) records() int { return len(p.items) + p.skipped }

// last reports whether a listing ends with p, up to which it had so many records.
func (p page[T]) last(records int) bool {
	if p.total == 0 {
		return p.records() == 0 || !p.next && p.records() != p.limit
	}
	return records >= p.total
}

// errUnsteady is wrapped by the errors of listings whose pages contradict each
// other, mostly because the listing changed in between. errRepeats is where all
// of it was read, and all that is wrong are items of one page on a later one.
var (
	errUnsteady = errors.New("listing is inconsistent")
	errRepeats  = fmt.Errorf("%w", errUnsteady)
)

// listing is a call that is answered in pages.
type listing[T any] struct {
	op     string
	key    func(T) string
	fetch  func(offset int) (page[T], error)
	steady bool // a total that changes on the way is an error
	unique bool // an item that an earlier page has too is an error in the end
}

// all yields the items of every page. An error is the last thing it yields.
func (l listing[T]) all() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		var offset, usable int
		var before page[T]
		var repeats error
		seen := map[string]bool{}
		for n := range maxPages {
			p, err := l.fetch(offset)
			end := false
			if err == nil {
				end = l.unique && p.endsAfter(before, offset)
				err = l.check(n, p, before, end)
			}
			if err == nil && l.unique {
				err = l.remember(n, p, end, seen, &repeats)
			}
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range p.items {
				if !yield(item, nil) {
					return
				}
			}
			offset += p.records()
			usable += len(p.items)
			done, err := l.done(p, offset)
			if err == nil && done {
				err = mustHaveUsable(l.op, "data", usable, offset)
			}
			if err != nil {
				yield(zero, err)
				return
			}
			if done {
				if repeats != nil {
					yield(zero, repeats)
				}
				return
			}
			before = p
		}
		yield(zero, &DecodeError{Op: l.op, Err: fmt.Errorf("more than %d pages", maxPages)})
	}
}

const maxGatherings = 3 // of one listing that changes under way

// gather reads a listing until it holds still. An item of an earlier page has
// mostly changed places with another, which is then missing. Where every reading
// is like the first, item by item, nothing moves, and repeats says that the
// listing itself has items twice.
func (l listing[T]) gather() (items []T, repeats bool, err error) {
	var first []T
	same := true
	for n := 1; n <= maxGatherings; n++ {
		if items, err = collect(l.all()); err == nil {
			return items, false, nil
		}
		if !errors.Is(err, errUnsteady) {
			return nil, false, err
		}
		if n == 1 {
			first = items
		}
		same = same && errors.Is(err, errRepeats) &&
			slices.EqualFunc(items, first, func(a, b T) bool { return l.key(a) == l.key(b) })
	}
	if same {
		return items, true, nil
	}
	return nil, false, err
}

// collect are the items of a listing. Beside an error they are a part of it,
// unless the error is errRepeats.
func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

// endsAfter reports whether p, read at offset after the page before, is what is
// left of the listing: shorter than that page, and no item over the total. Of a
// server that ignores offset, or goes round, no page is.
func (p page[T]) endsAfter(before page[T], offset int) bool {
	if p.records() == 0 || p.records() >= before.records() {
		return false
	}
	if p.total == 0 {
		return !p.next && p.records() != p.limit
	}
	return offset+p.records() == p.total
}

// check compares the n-th page with the one before. The end of a listing may
// begin with any item: it cannot go on like that for ever.
func (l listing[T]) check(n int, p, before page[T], end bool) error {
	if n == 0 {
		return nil
	}
	if len(p.items) > 0 && len(before.items) > 0 && !end && l.key(p.items[0]) == l.key(before.items[0]) {
		return l.unsteady("data[0]", "page %d begins like the page before", n+1)
	}
	if l.steady && p.total != before.total {
		return l.unsteady("pagination.total", "changed from %d to %d", before.total, p.total)
	}
	return nil
}

// remember adds the items of the n-th page to those that were seen before, and
// tells of those that come again. A page of nothing else is an error at once,
// unless it is the end: it may go on like that for ever.
func (l listing[T]) remember(n int, p page[T], end bool, seen map[string]bool, repeats *error) error {
	again := 0
	for _, item := range p.items {
		if seen[l.key(item)] {
			again++
		}
	}
	for _, item := range p.items { // twice on one page is once too much, but complete
		seen[l.key(item)] = true
	}
	if again > 0 && *repeats == nil {
		*repeats = &DecodeError{Op: l.op, Path: "data", Err: fmt.Errorf("%w: page %d has an item of an earlier page", errRepeats, n+1)}
	}
	if again > 0 && again == len(p.items) && !end {
		return l.unsteady("data", "page %d has nothing but items of earlier pages", n+1)
	}
	return nil
}

// done reports whether the listing ends after p. Servers that ignore offset
// and limit send everything at once, also more than was asked for.
func (l listing[T]) done(p page[T], offset int) (bool, error) {
	if offset > maxItems {
		return false, &DecodeError{Op: l.op, Path: "data", Err: fmt.Errorf("has more than %d in all", maxItems)}
	}
	if p.records() == 0 && offset < p.total {
		return false, l.unsteady("data", "ends after %d of %d", offset, p.total)
	}
	return p.last(offset), nil
}

func (l listing[T]) unsteady(path, format string, args ...any) error {
	return &DecodeError{Op: l.op, Path: path, Err: fmt.Errorf("%w: %s", errUnsteady, fmt.Sprintf(format, args...))}
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
	items, err := decodeItems(c, op, "data", body.Data, value, key)
	of := body.Pagination
	p := page[T]{items: items, skipped: len(body.Data) - len(items), total: of.total(), limit: of.limit(), next: of.next()}
	if err == nil && offset == 0 && p.last(p.records()) { // of a listing of several pages only all of them tell
		err = mustHaveUsable(op, "data", len(items), p.records())
	}
	return p, err
}

// count is how many things n can mean.
func count(n number) int { return int(min(max(n.value, 0), maxPages*pageSize)) }

// decodeItems reads the records of a listing. Records without a valid UUID cannot be
// identified or polled: they are left out and reported to Config.Skipped.
func decodeItems[D, T any](c *Client, op, at string, raw []json.RawMessage, value func(*D) T, key func(T) string) ([]T, error) {
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
	return items, nil
}

// mustHaveUsable is an error for a listing that has records and not a single one
// with a usable UUID: to take it for an empty one would end every series.
func mustHaveUsable(op, at string, usable, records int) error {
	if usable > 0 || records == 0 {
		return nil
	}
	return &DecodeError{Op: op, Path: at, Err: fmt.Errorf("none of the %d records has a usable uuid", records)}
}
