package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// root returns the top node of the YAML document in data, or nil and a fault.
func (r *report) root(data []byte) *yaml.Node {
	if len(data) > maxFile {
		r.bad("", "is larger than %d KiB, so it is not a configuration file", maxFile>>10)
		return nil
	}
	var doc, extra yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(data))
	err := in.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF), err == nil && isNull(doc.Content[0]):
		r.bad("", "is empty: it must list at least one account under accounts")
		return nil
	case err != nil:
		r.syntax(err, data)
		return nil
	}
	switch err := in.Decode(&extra); {
	case err == nil:
		r.badAt(extra.Line, "", "a second YAML document begins here: only one is allowed")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err, data)
		return nil
	}
	return doc.Content[0]
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

var (
	syntaxError   = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	tabIndent     = regexp.MustCompile(`^ *\t`)
)

// syntax adds the fault for an error of the YAML parser, which is only text.
func (r *report) syntax(err error, data []byte) {
	match := syntaxError.FindStringSubmatch(err.Error())
	if anchor := unknownAnchor.FindStringSubmatch(match[2]); anchor != nil {
		// The text after the * may be a secret without quotes, so it is not shown.
		before, _, _ := strings.Cut(string(data), "*"+anchor[1])
		r.badAt(strings.Count(before, "\n")+1, "", "is a YAML alias (*name), but there is no anchor (&name) above it: add the anchor, or put a value that begins with * in quotes")
		return
	}
	line, _ := strconv.Atoi(match[1]) // 0 if the parser gives no line
	// The line of the parser may be off by one, and its message about a tab is obscure.
	lines := strings.Split(string(data), "\n")
	for i := max(line-2, 0); i < min(line+1, len(lines)); i++ {
		if tabIndent.MatchString(lines[i]) {
			r.badAt(i+1, "", "is indented with a tab: YAML requires spaces")
			return
		}
	}
	r.badAt(line, "", "is not valid YAML on this line or near it: %s", match[2])
}
