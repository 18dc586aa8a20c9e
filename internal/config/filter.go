package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// selected reports whether one of include (or there is none) and none of
// exclude matches traits.
func selected[T any, F interface{ Match(T) bool }](traits T, include, exclude []F) bool {
	match := func(f F) bool { return f.Match(traits) }
	return (len(include) == 0 || slices.ContainsFunc(include, match)) && !slices.ContainsFunc(exclude, match)
}

// filters checks a list of filters, each by check. It refuses an empty filter,
// which would match everything: as likely as not, its keys got lost.
func filters[F, R any](c *checker, path string, f []F, check func(at string, f F) R) []R {
	var checked []R
	for i, f := range f {
		at := fmt.Sprintf("%s[%d]", path, i)
		if c.empty[at] {
			c.bad(at, "is empty: give at least one of %s", strings.Join(names(reflect.TypeFor[F]()), ", "))
		}
		checked = append(checked, check(at, f))
	}
	return checked
}

// pattern returns the pattern at path, nil if the file gives none.
func (c *checker) pattern(path, text string) *Pattern {
	if !c.sound(path) {
		return nil
	}
	// The line break at the end of a YAML block would keep it from ever matching.
	if r, odd := unprintable(text); odd {
		c.bad(path, "holds a character that does not print (%U)", r)
		return nil
	}
	p, err := NewPattern(text)
	if err != nil {
		c.bad(path, "%s is not a regular expression of Go (RE2): %v", quote(text), err)
	}
	return p
}
