package fabric

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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

func in(property string, values []string) condition {
	return condition{Property: property, Operator: "IN", Values: values}
}

func is(property, value string) condition {
	return condition{Property: property, Operator: "=", Values: []string{value}}
}

func between(property, low, high string) condition {
	return condition{Property: property, Operator: "BETWEEN", Values: []string{low, high}}
}

// post sends a search. Searches are reads, so they are retried like any GET.
func (c *Client) post(ctx context.Context, op, path string, s search, decode func([]byte) error) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return c.call(ctx, request{op: op, method: http.MethodPost, path: path, body: body, decode: decode})
}

// distinct is uuids in lower case, each once, in their order.
func distinct(uuids []string) []string {
	var out []string
	seen := make(map[string]bool, len(uuids))
	for _, u := range uuids {
		if u = uuid(u); u != "" && !seen[u] {
			seen[u] = true
			out = append(out, u)
		}
	}
	return slices.Clip(out)
}
