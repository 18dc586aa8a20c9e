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
	maxPage     = 100
	// onePage is the limit that GET /fabric/v4/ports states for its only page.
	onePage = 1000
)

// searchRequest is the body of a search.
type searchRequest struct {
	Filter     filter `json:"filter"`
	Pagination struct {
		Offset int  `json:"offset"`
		Limit  *int `json:"limit"`
		Total  int  `json:"total"` // some clients send it back; ignored
	} `json:"pagination"`
	Sort []sortTerm `json:"sort"`
}

type sortTerm struct {
	Property  string `json:"property"`
	Direction string `json:"direction"` // descending unless it is ASC
}

// filter is one node of a search's filter: a condition, or a group of filters. The
// empty filter matches everything.
type filter struct {
	And      []filter `json:"and"`
	Or       []filter `json:"or"`
	Property string   `json:"property"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// view describes how objects of a kind can be searched: their properties by name, and
// the property that sorts an answer, in descending order, if the search does not name
// one.
type view[T any] struct {
	properties  map[string]func(*T) string
	defaultSort string
}

// decodeSearch reads a search, or refuses it.
func decodeSearch(c *call) (searchRequest, *reply) {
	var req searchRequest
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		return req, new(badJSON("Unknown json property", flaw{"", err.Error()}))
	}
	if req.Pagination.Limit == nil {
		req.Pagination.Limit = new(defaultPage)
	}
	if flaw := checkPage(req.Pagination.Offset, *req.Pagination.Limit, maxPage); flaw != nil {
		return req, new(badJSON("Invalid pagination", *flaw))
	}
	return req, nil
}

// search answers a search among items.
func search[T any](c *call, v view[T], items []*T, doc func(*T) object) reply {
	req, refusal := decodeSearch(c)
	if refusal != nil {
		return *refusal
	}
	pass, flaw := v.compile(req.Filter, "filter")
	if len(req.Sort) == 0 {
		req.Sort = []sortTerm{{v.defaultSort, "DESC"}}
	}
	for i, term := range req.Sort {
		if v.properties[term.Property] == nil {
			flaw = cmp.Or(flaw, unexpected(fmt.Sprintf("sort.[%d].property", i), term.Property))
		}
	}
	if flaw != nil {
		return badJSON("Unknown json property", *flaw)
	}
	found := slices.DeleteFunc(slices.Clone(items), func(t *T) bool { return !pass(t) })
	for _, term := range slices.Backward(req.Sort) {
		key := v.properties[term.Property]
		slices.SortStableFunc(found, func(a, b *T) int {
			if term.Direction != "ASC" {
				a, b = b, a
			}
			return strings.Compare(key(a), key(b))
		})
	}
	return paginate(c, found, req.Pagination.Offset, *req.Pagination.Limit, doc, "sort", req.Sort)
}

// compile turns the filter at path into a predicate, or returns what is wrong with
// it. The API treats = with several values as IN.
func (v view[T]) compile(f filter, path string) (func(*T) bool, *flaw) {
	if f.And != nil || f.Or != nil {
		members, group := f.And, ".and"
		if f.Or != nil {
			members, group = f.Or, ".or"
		}
		var tests []func(*T) bool
		for i, member := range members {
			test, flaw := v.compile(member, fmt.Sprintf("%s%s.[%d]", path, group, i))
			if flaw != nil {
				return nil, flaw
			}
			tests = append(tests, test)
		}
		return func(t *T) bool { // the first match decides an or, the first mismatch an and
			decides := f.Or != nil
			return decides == slices.ContainsFunc(tests, func(test func(*T) bool) bool { return test(t) == decides })
		}, nil
	}
	if f.Property == "" && f.Operator == "" && f.Values == nil {
		return func(*T) bool { return true }, nil
	}
	property := v.properties[f.Property]
	switch {
	case property == nil:
		return nil, unexpected(path+".property", f.Property)
	case f.Operator != "=" && f.Operator != "IN":
		return nil, unexpected(path+".operator", f.Operator)
	case len(f.Values) == 0:
		return nil, &flaw{path + ".values", "Must not be empty"}
	}
	set := map[string]bool{}
	for _, value := range f.Values {
		set[value] = true
	}
	return func(t *T) bool { return set[property(t)] }, nil
}

// queryPage reads offset and limit of a query.
func queryPage(c *call, largest int) (offset, limit int, flaw *flaw) {
	offset, limit = intQuery(c, "offset", 0), intQuery(c, "limit", defaultPage)
	return offset, limit, checkPage(offset, limit, largest)
}

// intQuery reads a number of a query; fallback if it is absent.
func intQuery(c *call, name string, fallback int) int {
	text := c.http.URL.Query().Get(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1 // out of range for every check
	}
	return n
}

func checkPage(offset, limit, largest int) *flaw {
	switch {
	case limit < 1 || limit > largest:
		return &flaw{"pagination.limit", fmt.Sprintf("Number must be between 1 and %d", largest)}
	case offset < 0:
		return &flaw{"pagination.offset", "Number must not be negative"}
	}
	return nil
}

// paginate answers with a page of items, changed by the faults of paging. more are
// further members of the answer.
func paginate[T any](c *call, items []*T, offset, limit int, doc func(*T) object, more ...any) reply {
	total := max(len(items)+c.fault.TotalDelta, 0)
	if c.fault.TotalGrows {
		total += 1 + offset/limit
	}
	link := func(is bool, offset int) any {
		if !is {
			return nil
		}
		q := url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(limit)}}
		return "https://api.equinix.com" + c.http.URL.Path + "?" + q.Encode()
	}
	pagination := object{
		"offset", offset, "limit", limit, "total", total,
		"next", link(offset+limit < total, offset+limit), "previous", link(offset > 0, max(offset-limit, 0)),
	}
	if c.fault.RepeatPages {
		offset = 0
	}
	var data []object
	for _, item := range items[min(offset, len(items)):min(offset+limit, len(items))] {
		data = append(data, doc(item))
	}
	return jsonReply(append(append(object{"pagination", pagination}, more...), "data", data))
}
