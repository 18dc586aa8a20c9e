package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Why not yaml.Node.Decode: its errors have no path, it reports no unknown keys once
// a type is wrong, and it turns null and empty text into zero values.

// decode fills cfg from the top node and reports whether cfg can be checked further.
// A value with a fault leaves cfg unchanged.
func (r *report) decode(root *yaml.Node, cfg *Config) bool {
	r.lines[""] = root.Line
	r.value(root, "", reflect.ValueOf(cfg).Elem())
	return !r.faulty[""]
}

// value sets v to the value of n.
func (r *report) value(n *yaml.Node, path string, v reflect.Value) {
	r.follow(n, path, func(n *yaml.Node) {
		problem := unreadable(n)
		switch {
		case problem != "":
			r.badAt(n.Line, path, "%s", problem)
		case v.Type() == reflect.TypeFor[RemoteWrite]():
			r.remoteWrite(n, path, v.Addr().Interface().(*RemoteWrite))
		case v.Kind() == reflect.Struct:
			r.mapping(n, path, v)
		case v.Kind() == reflect.Slice:
			r.sequence(n, path, v)
		default:
			r.scalar(n, path, v)
		}
	})
}

// follow calls read with n or, for an alias, with the node that it refers to.
func (r *report) follow(n *yaml.Node, path string, read func(*yaml.Node)) {
	if n.Kind == yaml.AliasNode {
		if slices.Contains(r.aliases, n.Alias) {
			r.badAt(n.Line, path, "has a YAML alias (*name) of a value that contains the alias: write the value itself")
			return
		}
		r.aliases = append(r.aliases, n.Alias)
		defer func() { r.aliases = r.aliases[:len(r.aliases)-1] }()
		n = n.Alias
	}
	read(n)
}

// unreadable returns why a node cannot be read at all, or "". It does not quote the
// node, which may be a secret without quotes.
func unreadable(n *yaml.Node) string {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		return "YAML tags (!name) are not supported: delete the tag, or put a value that begins with ! in quotes"
	case isNull(n) && n.Anchor != "":
		return "has only a YAML anchor (&name): write a value after it, or put a value that begins with & in quotes"
	case isNull(n):
		return "has no value: write one or delete the key"
	}
	return ""
}

func (r *report) mapping(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.MappingNode {
		r.badAt(n.Line, path, "must be a mapping (keys with values), not %s", kind(n))
		return
	}
	r.empty[path] = true
	r.keys(n, path, v, false)
}

// keys reads the keys of a mapping, and the keys that it merges. Its own keys
// override merged ones, and earlier merges override later ones.
func (r *report) keys(n *yaml.Node, path string, v reflect.Value, merged bool) {
	own := map[string]bool{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merges = append(merges, val)
			continue
		}
		r.empty[path] = false
		if key.Kind != yaml.ScalarNode || unreadable(key) != "" {
			r.badAt(key.Line, path, "keys must be plain names; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		field, known := fieldNamed(v, key.Value)
		if !known && !showable(key.Value) {
			r.badAt(key.Line, path, "contains an unknown key, which is not shown since it may be a secret; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		at := join(path, key.Value)
		if !known {
			r.badAt(key.Line, at, "unknown key; known here: %s", strings.Join(names(v.Type()), ", "))
			continue
		}
		switch {
		case own[key.Value]:
			r.badAt(key.Line, at, "is given twice, first on line %d: delete one", r.lines[at])
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

// merge reads the value of a merge key: a mapping, or a list of mappings.
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
			r.badAt(n.Line, path, "must have a mapping, or a list of mappings, after a YAML merge key (<<)")
		}
	})
}

// ordinary matches keys of the format.
var ordinary = regexp.MustCompile(`^[a-z][a-z_]{0,40}$`)

// showable reports whether an unknown key may be shown. If the space after a colon is
// missing, or a value is on the next line, a secret may become a key or part of one.
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
		r.badAt(n.Line, path, "must be a list, not %s", kind(n))
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
	case *string, *Secret, *TrafficSource, **Pattern:
		if ok && n.Value == "" {
			r.badAt(n.Line, path, "is empty: write a value or delete the key")
			return
		}
		wants = "text (in quotes if it has special characters)"
		if pattern, is := p.(**Pattern); is && ok {
			*pattern = r.pattern(path, n.Value)
		} else if !is {
			v.SetString(n.Value)
		}
	case *time.Duration:
		wants = "a duration like 90s, 5m, 1h or 1d"
		d, err := model.ParseDuration(n.Value)
		if ok = ok && err == nil; ok {
			*p = time.Duration(d)
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
		r.badAt(n.Line, path, "must be %s, not %s", wants, kind(n))
	}
}

// pattern returns text as a pattern.
func (r *report) pattern(path, text string) *Pattern {
	// With the line break at the end of a YAML block it would never match.
	if c, found := unprintable(text); found {
		r.bad(path, "contains a character that does not print (%U)", c)
		return nil
	}
	p, err := NewPattern(text)
	if err != nil {
		r.bad(path, "%s is not a valid regular expression (RE2): %v", quote(text), err)
	}
	return p
}

// kind names the kind of a node, for errors about a wrong kind.
func kind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return quote(n.Value)
}

// quote quotes text from the file, and shortens a long one.
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
	var keys []string
	for f := range t.Fields() {
		switch key := f.Tag.Get("yaml"); key {
		case "": // no setting
		case ",inline":
			keys = append(keys, names(f.Type)...)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

func fieldNamed(v reflect.Value, key string) (reflect.Value, bool) {
	for f, field := range v.Fields() {
		switch f.Tag.Get("yaml") {
		case key:
			return field, true
		case ",inline":
			if inner, known := fieldNamed(field, key); known {
				return inner, true
			}
		}
	}
	return reflect.Value{}, false
}
