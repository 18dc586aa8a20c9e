package config

import (
	"reflect"
	"regexp"
	"slices"
)

var listIndex = regexp.MustCompile(`\[\d+\]`)

// KnownKeys lists the paths of all keys of the format, with [] for an index.
func KnownKeys() []string { return keysBelow(reflect.TypeFor[file](), "") }

func keysBelow(t reflect.Type, path string) []string {
	for ; t.Kind() != reflect.Struct; t = t.Elem() {
		switch t.Kind() {
		case reflect.Slice:
			path += "[]"
		case reflect.Pointer:
		default:
			return nil
		}
	}
	var keys []string
	for i, name := range names(t) {
		at := join(path, name)
		keys = append(append(keys, at), keysBelow(t.Field(i).Type, at)...)
	}
	return keys
}

// GivenKeys lists the paths that data has values at, as KnownKeys does, and the
// faults of decoding it.
func GivenKeys(data []byte) ([]string, Faults) {
	r := newReport("")
	if root := r.root(data); root != nil {
		r.decode(root, new(defaults()))
	}
	var keys []string
	for path := range r.lines {
		keys = append(keys, listIndex.ReplaceAllString(path, "[]"))
	}
	slices.Sort(keys)
	return slices.Compact(keys), r.faults
}
