package e2e_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// placeholder is a variable in a query, as Grafana spells it: $name, ${name} or
// ${name:format}. $1 of label_replace is none.
var placeholder = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::(\w+))?\}`)

// special is what the Prometheus data source escapes in a value that may stand in
// a regular expression.
var special = regexp.MustCompile(`[$^*{}\[\]'+?.()|]`)

// fill replaces the variables of a text as Grafana's Prometheus data source does.
func (d dashboard) fill(t *testing.T, text string, c choice, span time.Duration) string {
	t.Helper()
	known := map[string]variable{}
	for _, v := range d.Templating.List {
		known[v.Name] = v
	}
	seconds := strconv.Itoa(int(span.Seconds()))
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		name := m[1] + m[2]
		switch name {
		case "__range":
			return seconds + "s"
		case "__range_s":
			return seconds
		}
		v, ok := known[name]
		if !ok {
			if _, err := strconv.Atoi(name); err != nil {
				t.Errorf("%s: no variable %s in %s", d.UID, s, text)
			}
			return s
		}
		return v.value(c[name])
	})
}

// value is how chosen values stand in a query.
func (v variable) value(chosen []string) string {
	switch {
	case chosen == nil && v.IncludeAll:
		return v.AllValue
	case !v.Multi && !v.IncludeAll:
		return strings.NewReplacer(`\`, `\\`, `'`, `\\'`).Replace(strings.Join(chosen, ","))
	}
	escaped := make([]string, len(chosen))
	for i, s := range chosen {
		escaped[i] = special.ReplaceAllString(strings.ReplaceAll(s, `\`, `\\\\`), `\\$0`)
	}
	if len(escaped) == 1 {
		return escaped[0]
	}
	return "(" + strings.Join(escaped, "|") + ")"
}

// option is one of a variable: what is shown and what it means.
type option struct{ text, value string }

var (
	labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)$`)
)

// options asks for the options of a variable as Grafana does.
func (s *server) options(t *testing.T, d dashboard, v variable, c choice, at time.Time, span time.Duration) []option {
	t.Helper()
	expr := d.fill(t, v.expr(t), c, span)
	var all []option
	seen := map[string]bool{}
	add := func(o option) {
		if o.value != "" && !seen[o.value] {
			seen[o.value] = true
			all = append(all, o)
		}
	}
	if m := labelValues.FindStringSubmatch(expr); m != nil {
		for _, sample := range s.query(t, m[1], at) {
			add(option{sample.Metric.Get(m[2]), sample.Metric.Get(m[2])})
		}
		return all
	}
	m := queryResult.FindStringSubmatch(expr)
	if m == nil {
		t.Fatalf("%s: variable %s: %s", d.UID, v.Name, expr)
	}
	for _, sample := range s.query(t, m[1], at) {
		add(v.extract(t, sample.Metric.String()+" 1 0"))
	}
	return all
}

// extract reads text and value out of a line of query_result, by the groups of
// those names in the variable's /expression/g.
func (v variable) extract(t *testing.T, line string) option {
	t.Helper()
	pattern, ok := strings.CutSuffix(strings.TrimPrefix(v.Regex, "/"), "/g")
	if !ok {
		t.Fatalf("variable %s: %s", v.Name, v.Regex)
	}
	re := regexp.MustCompile(pattern)
	var o option
	for _, m := range re.FindAllStringSubmatch(line, -1) {
		for i, group := range re.SubexpNames() {
			switch {
			case m[i] == "":
			case group == "text":
				o.text = m[i]
			case group == "value":
				o.value = m[i]
			}
		}
	}
	return o
}
