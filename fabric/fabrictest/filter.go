package fabrictest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	// maxFilters is how many conditions a search may have; an OR group
	// counts as one.
	maxFilters = 8
	// maxOr is how many members an OR group may have.
	maxOr = 3
)

// filter is one node of a search's filter: a condition, or a group of filters.
// The empty filter lets everything pass.
type filter struct {
	And      []filter `json:"and"`
	Or       []filter `json:"or"`
	Property string   `json:"property"`
	Operator string   `json:"operator"`
	Values   values   `json:"values"`
}

// values are strings, numbers or booleans; they are compared as written.
type values []string

// UnmarshalJSON implements json.Unmarshaler.
func (v *values) UnmarshalJSON(b []byte) error {
	var raw []any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil {
		return err
	}
	*v = nil
	for _, x := range raw {
		*v = append(*v, fmt.Sprint(x))
	}
	return nil
}

// conditions counts the filters of a tree as the API does.
func (f *filter) conditions() int {
	switch {
	case f.Or != nil:
		return 1
	case f.And != nil:
		n := 0
		for i := range f.And {
			n += f.And[i].conditions()
		}
		return n
	default:
		return 1
	}
}

// view is how a kind of asset can be searched: its properties by name, which of
// them are numbers, the operators it takes and the order where none is asked for.
type view[T any] struct {
	properties  map[string]func(*T) string
	numbers     []string
	operators   []string
	defaultSort []sortTerm
}

// compile turns the filter at path into a predicate, or says what is wrong with it.
func (v view[T]) compile(f *filter, path string, maxIn int) (func(*T) bool, *propertyFlaw) {
	switch {
	case f.And != nil:
		tests, flaw := v.compileAll(f.And, path+".and", maxIn)
		return func(t *T) bool {
			return !slices.ContainsFunc(tests, func(test func(*T) bool) bool { return !test(t) })
		}, flaw
	case f.Or != nil:
		if len(f.Or) > maxOr {
			return nil, &propertyFlaw{path + ".or", fmt.Sprintf("At most %d members allowed", maxOr)}
		}
		tests, flaw := v.compileAll(f.Or, path+".or", maxIn)
		return func(t *T) bool {
			return slices.ContainsFunc(tests, func(test func(*T) bool) bool { return test(t) })
		}, flaw
	case f.Property == "" && f.Operator == "" && f.Values == nil:
		return func(*T) bool { return true }, nil
	default:
		return v.condition(f, path, maxIn)
	}
}

func (v view[T]) compileAll(fs []filter, path string, maxIn int) ([]func(*T) bool, *propertyFlaw) {
	tests := make([]func(*T) bool, 0, len(fs))
	for i := range fs {
		test, flaw := v.compile(&fs[i], fmt.Sprintf("%s.[%d]", path, i), maxIn)
		if flaw != nil {
			return nil, flaw
		}
		tests = append(tests, test)
	}
	return tests, nil
}

func (v view[T]) condition(f *filter, path string, maxIn int) (func(*T) bool, *propertyFlaw) {
	property, ok := v.properties[f.Property]
	if !ok {
		return nil, &propertyFlaw{path + ".property", fmt.Sprintf("Unexpected value %q", f.Property)}
	}
	if !slices.Contains(v.operators, f.Operator) {
		return nil, &propertyFlaw{path + ".operator", fmt.Sprintf("Unexpected value %q", f.Operator)}
	}
	if len(f.Values) == 0 {
		return nil, &propertyFlaw{path + ".values", "Must not be empty"}
	}
	if maxIn > 0 && len(f.Values) > maxIn {
		return nil, &propertyFlaw{path + ".values", fmt.Sprintf("At most %d values allowed", maxIn)}
	}
	match := matcher(f.Operator, f.Values)
	return func(t *T) bool { return match(property(t)) }, nil
}

// matcher compares with any of the values: the API takes = with several of them
// as IN.
func matcher(operator string, vs []string) func(string) bool {
	switch operator {
	case "LIKE":
		return func(s string) bool {
			return slices.ContainsFunc(vs, func(pattern string) bool { return like(s, pattern) })
		}
	case "ILIKE", "ILKE":
		return func(s string) bool {
			s = strings.ToLower(s)
			return slices.ContainsFunc(vs, func(pattern string) bool { return like(s, strings.ToLower(pattern)) })
		}
	}
	set := make(map[string]bool, len(vs))
	for _, v := range vs {
		set[v] = true
	}
	negated := operator == "!=" || operator == "NOT IN"
	return func(s string) bool { return set[s] != negated }
}

// like reports whether s has the SQL pattern, in which % stands for anything.
func like(s, pattern string) bool {
	parts := strings.Split(pattern, "%")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return s == pattern
	}
	if !strings.HasPrefix(s, first) || !strings.HasSuffix(s[len(first):], last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}
