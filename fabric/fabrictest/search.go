package fabrictest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPage = 20
	// onePage is the limit that GET /fabric/v4/ports claims for its only page.
	onePage = 1000
)

// searchRequest is the body of a search.
type searchRequest struct {
	Filter     filter     `json:"filter"`
	Pagination pageTerms  `json:"pagination"`
	Sort       []sortTerm `json:"sort"`
}

type pageTerms struct {
	Offset int  `json:"offset"`
	Limit  *int `json:"limit"`
	Total  int  `json:"total"` // some clients send it back; it means nothing
}

type sortTerm struct {
	Property  string `json:"property"`
	Direction string `json:"direction"`
}

// pagination is that of an answer.
type pagination struct {
	Offset   int     `json:"offset"`
	Limit    int     `json:"limit"`
	Total    int     `json:"total"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
}

type page[D any] struct {
	Pagination pagination `json:"pagination"`
	Sort       []sortTerm `json:"sort,omitempty"`
	Data       []D        `json:"data"`
}

// decodeSearch reads a search, or refuses it.
func (a *API) decodeSearch(c *call) (searchRequest, *reply) {
	var req searchRequest
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return req, new(badJSON("Unknown json property", "", err.Error()))
	}
	if n := req.Filter.conditions(); n > maxFilters {
		return req, new(badJSON("Too many filters", "filter", fmt.Sprintf("%d filters, at most %d allowed", n, maxFilters)))
	}
	if req.Pagination.Limit == nil {
		req.Pagination.Limit = new(defaultPage)
	}
	if flaw := checkPage(req.Pagination.Offset, *req.Pagination.Limit, a.opts.PageLimit); flaw != nil {
		return req, new(badJSON("Invalid pagination", flaw.Property, flaw.Reason))
	}
	return req, nil
}

// search answers a search among items.
func search[T, D any](a *API, c *call, v view[T], items []*T, doc func(*T) D) reply {
	req, refusal := a.decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	pass, flaw := v.compile(&req.Filter, "filter", int(a.maxIn.Load()))
	if flaw != nil {
		return badJSON("Unknown json property", flaw.Property, flaw.Reason)
	}
	if len(req.Sort) == 0 {
		req.Sort = v.defaultSort
	}
	if flaw := v.checkSort(req.Sort); flaw != nil {
		return badJSON("Unknown json property", flaw.Property, flaw.Reason)
	}
	found := slices.DeleteFunc(slices.Clone(items), func(t *T) bool { return !pass(t) })
	v.sort(found, req.Sort)
	out := paginate(c, found, req.Pagination.Offset, *req.Pagination.Limit, doc)
	out.Sort = req.Sort
	return jsonReply(out)
}

// checkSort says what is wrong with the terms of a sort.
func (v view[T]) checkSort(terms []sortTerm) *propertyFlaw {
	for i, term := range terms {
		if v.properties[term.Property] == nil {
			return &propertyFlaw{fmt.Sprintf("sort.[%d].property", i), fmt.Sprintf("Unexpected value %q", term.Property)}
		}
		if term.Direction != "ASC" && term.Direction != "DESC" && term.Direction != "" {
			return &propertyFlaw{fmt.Sprintf("sort.[%d].direction", i), fmt.Sprintf("Unexpected value %q", term.Direction)}
		}
	}
	return nil
}

// sort puts items in the order of the terms, downwards unless a term says ASC.
// Equal ones keep their order.
func (v view[T]) sort(items []*T, terms []sortTerm) {
	type entry struct {
		item *T
		at   int      // before sorting
		keys []string // made once: some are costly
	}
	entries := make([]entry, len(items))
	for i, item := range items {
		entries[i] = entry{item, i, make([]string, len(terms))}
		for j, term := range terms {
			key := v.properties[term.Property](item)
			if slices.Contains(v.numbers, term.Property) {
				key = fmt.Sprintf("%20s", key)
			}
			entries[i].keys[j] = key
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		for i, term := range terms {
			by := strings.Compare(a.keys[i], b.keys[i])
			if by != 0 && term.Direction != "ASC" {
				return -by
			}
			if by != 0 {
				return by
			}
		}
		return cmp.Compare(a.at, b.at)
	})
	for i, e := range entries {
		items[i] = e.item
	}
}

// queryPage reads the page that a query asks for.
func queryPage(c *call, largest int) (offset, limit int, flaw *propertyFlaw) {
	query := c.http.URL.Query()
	limit = defaultPage
	for name, n := range map[string]*int{"offset": &offset, "limit": &limit} {
		if text := query.Get(name); text != "" {
			*n, _ = strconv.Atoi(text) // a limit that is no number is 0, and refused
		}
	}
	return offset, limit, checkPage(offset, limit, largest)
}

func checkPage(offset, limit, largest int) *propertyFlaw {
	switch {
	case limit < 1 || limit > largest:
		return &propertyFlaw{"pagination.limit", fmt.Sprintf("Number must be between 1 and %d", largest)}
	case offset < 0:
		return &propertyFlaw{"pagination.offset", "Number must not be negative"}
	default:
		return nil
	}
}

// paginate cuts a page out of items, subject to the faults of paging.
func paginate[T, D any](c *call, items []*T, offset, limit int, doc func(*T) D) page[D] {
	total := len(items)
	told := max(total+c.fault.TotalDelta, 0)
	if c.fault.TotalGrows {
		told += 1 + offset/limit
	}
	out := page[D]{
		Pagination: pagination{Offset: offset, Limit: limit, Total: told},
		Data:       []D{},
	}
	link := func(offset int) *string {
		q := url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
		return new("https://api.equinix.com" + c.http.URL.Path + "?" + q.Encode())
	}
	if offset+limit < out.Pagination.Total {
		out.Pagination.Next = link(offset + limit)
	}
	if offset > 0 {
		out.Pagination.Previous = link(max(offset-limit, 0))
	}
	if c.fault.RepeatPages {
		offset = 0
	}
	for _, item := range items[min(offset, total):min(offset+limit, total)] {
		out.Data = append(out.Data, doc(item))
	}
	return out
}

// listPorts answers GET /fabric/v4/ports.
func (a *API) listPorts(c *call) reply {
	r := a.roster.Load()
	ports := r.own()
	if len(ports) == 0 {
		return noPorts()
	}
	if name := c.http.URL.Query().Get("name"); name != "" {
		ports = slices.DeleteFunc(ports, func(p *Port) bool { return p.Name != name })
	}
	offset, limit := 0, max(onePage, len(ports))
	if a.opts.PagePorts {
		var flaw *propertyFlaw
		if offset, limit, flaw = queryPage(c, a.opts.PageLimit); flaw != nil {
			return invalidQuery(*flaw)
		}
	}
	out := paginate(c, ports, offset, limit, func(p *Port) portDoc { return newPortDoc(p, r.usage[p.UUID]) })
	if !a.opts.PagePorts {
		out.Pagination.Limit = onePage
	}
	return jsonReply(out)
}
