package config

import (
	"reflect"
	"regexp"
	"slices"
)

var listIndex = regexp.MustCompile(`\[\d+\]`)

// KnownKeys lists the paths of all keys of the format, with [] for an index.
func KnownKeys() []string { return keysBelow(reflect.TypeFor[Config](), "") }

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
	for f := range t.Fields() {
		switch key := f.Tag.Get("yaml"); key {
		case "":
		case ",inline":
			keys = append(keys, keysBelow(f.Type, path)...)
		default:
			at := join(path, key)
			keys = append(append(keys, at), keysBelow(f.Type, at)...)
		}
	}
	return keys
}

// Equal reports whether both patterns are written alike, for cmp.
func (p *Pattern) Equal(other *Pattern) bool {
	return (p == nil) == (other == nil) && (p == nil || p.re.String() == other.re.String())
}

// GivenKeys lists the paths that data has values at, as KnownKeys does, and the
// faults of decoding it.
func GivenKeys(data []byte) ([]string, Faults) {
	r := newReport("")
	if root := r.root(data); root != nil {
		r.decode(root, defaults())
	}
	var keys []string
	for path := range r.lines {
		keys = append(keys, listIndex.ReplaceAllString(path, "[]"))
	}
	slices.Sort(keys)
	return slices.Compact(keys), r.faults
}
