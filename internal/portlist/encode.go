package portlist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"gopkg.in/yaml.v3"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

var writers = map[string]func(io.Writer, list, Options) error{
	"table": writeTable, "json": writeJSON, "csv": writeCSV, "yaml": writeYAML,
}

// usageWriters print the report about a window.
var usageWriters = map[string]func(io.Writer, list, Options) error{
	"table": writeUsageTable, "json": writeUsageJSON, "csv": writeUsageCSV,
}

// Formats lists what can be printed.
func Formats() []string { return slices.Sorted(maps.Keys(writers)) }

func writeJSON(w io.Writer, l list, _ Options) error { return encodeJSON(w, l.ports) }

// encodeJSON writes v. Characters that do not print are escaped, not replaced.
func encodeJSON(w io.Writer, v any) error {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	var escaped strings.Builder
	for _, r := range b.String() {
		if r == '\n' || human.Visible(r) {
			escaped.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	_, err := io.WriteString(w, escaped.String())
	return err
}

// writeCSV writes a header and one record for each port, with the names of the JSON.
func writeCSV(w io.Writer, l list, _ Options) error {
	records := [][]string{{
		"account", "uuid", "name", "metro", "capacity_bits_per_second",
		"in_last_bits_per_second", "in_p95_bits_per_second", "out_last_bits_per_second", "out_p95_bits_per_second",
		"p95_window", "utilization_ratio", "connections", "newest_sample", "monthly_price", "currency", "problem",
	}}
	for _, p := range l.ports {
		records = append(records, []string{
			cell(p.Account), cell(p.UUID), cell(p.Name), field(p.Metro, cell), field(p.Capacity, number),
			field(p.InLast, number), field(p.InP95, number), field(p.OutLast, number), field(p.OutP95, number),
			p.Window, field(p.Utilization, number), field(p.Connections, strconv.Itoa),
			field(p.NewestSample, stamp), field(p.MonthlyPrice, number), field(p.Currency, cell), field(p.Problem, cell),
		})
	}
	return encodeCSV(w, records)
}

// encodeCSV puts every field in quotes: in some locales a spreadsheet would begin a new cell
// at a semicolon in a name.
func encodeCSV(w io.Writer, records [][]string) error {
	var b strings.Builder
	for _, r := range records {
		for i, text := range r {
			r[i] = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// formula matches what makes a spreadsheet take a cell for a formula: one of these
// characters at the beginning of a text, or after a cell separator of some locale,
// which some spreadsheets obey even in quotes.
var formula = regexp.MustCompile(`(^|[,;|\t])([\s"']*)([=+\-@＝＋－＠])`)

// cell is text that a spreadsheet shows and does not run: a quote is put before a
// formula, which spreadsheets do not show at the beginning of a cell.
func cell(s string) string { return formula.ReplaceAllString(human.Printable(s), "$1$2'$3") }

// field is *v as text; "" if v is nil.
func field[T any](v *T, text func(T) string) string {
	if v == nil {
		return ""
	}
	return text(*v)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// writeYAML writes the ports of each account as a list for the configuration file,
// indented to be pasted there.
func writeYAML(w io.Writer, l list, _ Options) error {
	blocks := 0
	for _, account := range l.accounts {
		var block struct{ Ports []yamlPort }
		for _, p := range l.ports {
			if p.Account == account {
				block.Ports = append(block.Ports, newYAMLPort(p))
			}
		}
		if len(block.Ports) == 0 {
			continue // an empty list would be refused
		}
		if blocks++; blocks > 1 {
			fmt.Fprintln(w, "---")
		}
		var text bytes.Buffer
		e := yaml.NewEncoder(&text)
		e.SetIndent(2)
		if err := e.Encode(block); err != nil {
			return err
		}
		fmt.Fprintf(w, "    # account %s\n", human.Printable(account))
		for line := range strings.Lines(text.String()) {
			if _, err := io.WriteString(w, "    "+line); err != nil {
				return err
			}
		}
	}
	return nil
}

type yamlPort struct {
	UUID string
	Name string `yaml:",omitempty"`
}

// newYAMLPort gives the port a name that the configuration accepts.
func newYAMLPort(p port) yamlPort {
	const longest = 256 // bytes
	y := yamlPort{UUID: p.UUID}
	if !p.named {
		return y
	}
	for _, r := range strings.TrimSpace(human.Printable(p.Name)) {
		if len(y.Name)+len(string(r)) > longest {
			break
		}
		y.Name += string(r)
	}
	y.Name = strings.TrimSpace(y.Name)
	return y
}
