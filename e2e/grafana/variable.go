package grafana

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variable is a variable of a dashboard.
type Variable struct {
	Name       string
	Label      string
	Type       string
	Query      json.RawMessage
	Regex      string
	Multi      bool
	IncludeAll bool
	AllValue   string
	Sort       int
}

// Choice is the chosen values by variable; no values means All.
type Choice map[string][]string

// With returns the choice with other values for one variable.
func (c Choice) With(name string, values ...string) Choice {
	next := maps.Clone(c)
	next[name] = values
	return next
}

// placeholder is a variable in a text: $name, ${name} or ${name:format}.
var placeholder = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?::(\w+))?\}`)

// special matches the characters that Grafana escapes in a value that may be in a
// regular expression of PromQL.
var special = regexp.MustCompile(`[$^*{}\[\]'+?.()|]`)

// Fill replaces the variables of a text as Grafana does for Prometheus, for a
// range of that length in such steps. $1 of label_replace is not a variable.
func (d Dashboard) Fill(text string, c Choice, span, step time.Duration) (string, error) {
	known := map[string]Variable{}
	for _, v := range d.Templating.List {
		known[v.Name] = v
	}
	var err error
	filled := placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		name := m[1] + m[2]
		if v, ok := known[name]; ok {
			return v.value(c[name])
		}
		if name == "__range" {
			return strconv.Itoa(int(span.Seconds())) + "s"
		}
		if name == "__interval" {
			return strconv.Itoa(int(step.Seconds())) + "s"
		}
		if _, no := strconv.Atoi(name); no != nil {
			err = fmt.Errorf("%s: no variable %s in %s", d.UID, s, text)
		}
		return s
	})
	return filled, err
}

// value is the text of chosen values in a query.
func (v Variable) value(chosen []string) string {
	switch {
	case len(chosen) == 0 && v.IncludeAll:
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

// Option is an option of a variable: its text and its value.
type Option struct{ Text, Value string }

var (
	labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	queryResult = regexp.MustCompile(`^query_result\((.+)\)$`)
)

// Options returns the options of a variable, given the choices so far.
func (p Prometheus) Options(d Dashboard, v Variable, c Choice, at time.Time) ([]Option, error) {
	var query struct{ Query string }
	if err := json.Unmarshal(v.Query, &query); err != nil {
		return nil, fmt.Errorf("variable %s: %w", v.Name, err)
	}
	span, err := d.Span(Panel{})
	if err != nil {
		return nil, err
	}
	expr, err := d.Fill(query.Query, c, span, span/points)
	if err != nil {
		return nil, err
	}
	label, inner := "", labelValues.FindStringSubmatch(expr)
	if inner != nil {
		label = inner[2]
	} else if inner = queryResult.FindStringSubmatch(expr); inner == nil {
		return nil, fmt.Errorf("variable %s: what is %s?", v.Name, expr)
	}
	found, err := p.Instant(inner[1], at)
	if err != nil {
		return nil, err
	}
	var all []Option
	seen := map[string]bool{}
	for _, s := range found {
		o := Option{s.Metric.Get(label), s.Metric.Get(label)}
		if label == "" {
			o = v.extract(s.Metric.String())
		}
		if o.Value != "" && !seen[o.Value] {
			seen[o.Value] = true
			all = append(all, o)
		}
	}
	v.order(all)
	return all, nil
}

// numerical is Grafana's code for sorting a variable by the first number in the text;
// the others here are alphabetical.
const numerical = 3

var digits = regexp.MustCompile(`\d+`)

func (v Variable) order(all []Option) {
	slices.SortFunc(all, func(a, b Option) int {
		if v.Sort == numerical {
			x, _ := strconv.Atoi(digits.FindString(a.Text))
			y, _ := strconv.Atoi(digits.FindString(b.Text))
			return x - y
		}
		return strings.Compare(strings.ToLower(a.Text), strings.ToLower(b.Text))
	})
}

// extract reads text and value from a line of query_result, with the groups of these
// names in the variable's /expression/g.
func (v Variable) extract(line string) (o Option) {
	re := regexp.MustCompile(strings.TrimSuffix(strings.TrimPrefix(v.Regex, "/"), "/g"))
	for _, m := range re.FindAllStringSubmatch(line, -1) {
		for i, group := range re.SubexpNames() {
			switch {
			case m[i] == "":
			case group == "text":
				o.Text = m[i]
			case group == "value":
				o.Value = m[i]
			}
		}
	}
	return o
}
