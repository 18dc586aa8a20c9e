package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Why not yaml.Node.Decode: its errors have no path, it stops short of unknown
// keys once a type is wrong, and it turns null and empty text into zero values.
// The walk below is as deep as the format, and as long as the file with what its
// aliases stand for, which maxExpanded bounds.

// decode fills f from the top node and reports whether f is worth checking. A
// value with a fault stays as it was in f.
func (r *report) decode(root *yaml.Node, f *file) bool {
	r.lines[""] = root.Line
	r.value(root, "", reflect.ValueOf(f).Elem())
	return !r.faulty[""]
}

func (r *report) value(n *yaml.Node, path string, v reflect.Value) {
	r.follow(n, path, func(n *yaml.Node) {
		if problem := unreadable(n); problem != "" {
			r.badAt(n.Line, path, "%s", problem)
			return
		}
		r.fill(n, path, v)
	})
}

// maxExpanded is how many keys and values aliases may stand for in the whole file.
// Ten thousand ports with names that two accounts share are 50,000.
const maxExpanded = 100_000

// follow calls read with n or, for an alias, with what it stands for.
func (r *report) follow(n *yaml.Node, path string, read func(*yaml.Node)) {
	switch {
	case n.Kind == yaml.AliasNode && slices.Contains(r.aliases, n.Alias):
		r.badAt(n.Line, path, "has a YAML alias (*name) of what it is part of itself: write the value out")
		return
	case n.Kind == yaml.AliasNode:
		r.aliases = append(r.aliases, n.Alias)
		defer func() { r.aliases = r.aliases[:len(r.aliases)-1] }()
		n = n.Alias
	}
	if r.expand(n) {
		read(n)
	}
}

// expand counts n if it is read through an alias, and reports whether it may be.
func (r *report) expand(n *yaml.Node) bool {
	if len(r.aliases) == 0 {
		return true
	}
	if r.expanded++; r.expanded == maxExpanded+1 {
		r.badAt(n.Line, "", "YAML aliases (*name) stand for more than %d keys and values: write fewer of them", maxExpanded)
	}
	return r.expanded <= maxExpanded
}

// fill sets v to what n, which is no alias, says.
func (r *report) fill(n *yaml.Node, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.fill(n, path, v.Elem())
	case reflect.Struct:
		r.mapping(n, path, v)
	case reflect.Slice:
		r.sequence(n, path, v)
	default:
		r.scalar(n, path, v)
	}
}

const (
	noAnchor   = "is a YAML alias (*name) without an anchor (&name) above it: write that anchor, or put a value that begins with * in quotes"
	noTag      = "YAML tags (!name) are not read: delete it, or put a value that begins with ! in quotes"
	noValue    = "has no value: write one or delete the key"
	onlyAnchor = "has no value but a YAML anchor (&name): write a value behind it, or put a value that begins with & in quotes"
	noMerge    = "wants a mapping, or a list of mappings, behind a YAML merge key (<<)"
)

// unreadable returns what keeps a node from being read whatever is wanted of
// it, or "". It quotes nothing: a secret without quotes ends up here too.
func unreadable(n *yaml.Node) string {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return noTag
	case isNull(n) && n.Anchor != "":
		return onlyAnchor
	case isNull(n):
		return noValue
	}
	return ""
}

func (r *report) mapping(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.badAt(n.Line, path, "wants a mapping (keys with values), not %s", kind(n))
		return
	}
	r.empty[path] = true
	r.keys(n, path, v, false)
}

// keys reads the keys of a mapping, and those that it merges, which yield to its
// own and to those merged before.
func (r *report) keys(n *yaml.Node, path string, v reflect.Value, merged bool) {
	own := map[string]bool{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if !r.expand(key) {
			return
		}
		if key.ShortTag() == "!!merge" {
			merges = append(merges, val)
			continue
		}
		r.empty[path] = false
		if key.Kind != yaml.ScalarNode || unreadable(key) != "" {
			r.badAt(key.Line, path, "wants plain names for keys; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		field, known := fieldNamed(v, key.Value)
		if !known && !showable(key.Value) {
			r.badAt(key.Line, path, "holds an unknown key, which is not shown lest it be a secret; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		at := join(path, key.Value)
		if !known {
			r.badAt(key.Line, at, "unknown key; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		switch {
		case own[key.Value]:
			r.badAt(key.Line, at, "is given twice, first on line %d: keep one", r.lines[at])
			continue
		case merged && r.given(at):
			continue
		}
		own[key.Value] = true
		r.lines[at] = key.Line
		r.value(val, at, field)
	}
	for _, m := range merges {
		r.merge(m, path, v)
	}
}

// merge reads what stands behind a merge key: a mapping, or a list of mappings.
func (r *report) merge(n *yaml.Node, path string, v reflect.Value) {
	r.follow(n, path, func(n *yaml.Node) {
		switch n.Kind {
		case yaml.MappingNode:
			r.keys(n, path, v, true)
		case yaml.SequenceNode:
			for _, m := range n.Content {
				r.merge(m, path, v)
			}
		default:
			r.badAt(n.Line, path, "%s", noMerge)
		}
	})
}

// ordinary is how keys look.
var ordinary = regexp.MustCompile(`^[a-z][a-z_]{0,40}$`)

// showable reports whether an unknown key may be shown. Where the space behind a
// colon is forgotten, or a value stands on the next line, a secret becomes part
// of a key, or all of it.
func showable(key string) bool {
	if !ordinary.MatchString(key) {
		return false
	}
	for _, secret := range []string{"client_id", "client_secret"} {
		if strings.HasPrefix(key, secret) && !strings.HasPrefix(key, secret+"_") {
			return false
		}
	}
	return true
}

func (r *report) sequence(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.badAt(n.Line, path, "wants a list, not %s", kind(n))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.lines[at] = item.Line
		r.value(item, at, list.Index(i))
	}
	v.Set(list)
}

func (r *report) scalar(n *yaml.Node, path string, v reflect.Value) {
	var wants string
	ok := n.Kind == yaml.ScalarNode
	switch p := v.Addr().Interface().(type) {
	case *string, *Secret:
		if ok && n.Value == "" {
			r.badAt(n.Line, path, "is empty: write a value or delete the key")
			return
		}
		wants = "text (in quotes if it has special characters)"
		v.SetString(n.Value)
	case *duration:
		wants = "a duration like 90s, 5m, 1h or 1d"
		d, err := model.ParseDuration(n.Value)
		if ok = ok && err == nil; ok {
			*p = duration(d)
		}
	case *bool:
		wants = "true or false"
		ok = ok && n.ShortTag() == "!!bool" && n.Decode(p) == nil
	case *int:
		wants = "a whole number"
		ok = ok && n.ShortTag() == "!!int" && n.Decode(p) == nil
	case *float64:
		wants = "a number"
		ok = ok && (n.ShortTag() == "!!int" || n.ShortTag() == "!!float") && n.Decode(p) == nil
	default:
		panic("config: the decoder cannot fill a " + v.Type().String())
	}
	if !ok {
		r.badAt(n.Line, path, "wants %s, not %s", wants, kind(n))
	}
}

// kind names what a node is, for a reader who expected something else.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return quote(n.Value)
}

// quote quotes text from the file, but not all of a long one.
func quote(text string) string {
	const enough = 60
	if len(text) <= enough {
		return strconv.Quote(text)
	}
	return strconv.Quote(strings.ToValidUTF8(text[:enough], "")) + "…"
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,60}$`)

func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// names lists the keys of a struct of the format, in its order.
func names(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i], _, _ = strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
	}
	return keys
}

func fieldNamed(v reflect.Value, key string) (reflect.Value, bool) {
	for i, name := range names(v.Type()) {
		if name == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}
