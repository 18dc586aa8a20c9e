package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// status is how a check ended. After fail something will be missing from the metrics; after
// warn it may be missing, or late. skip means that the check was not possible because an
// earlier one failed.
type status string

const (
	ok   status = "ok"
	warn status = "warn"
	fail status = "fail"
	skip status = "skip"
)

// statuses lists them all, in the order of the summary.
var statuses = []status{ok, warn, fail, skip}

// finding is the outcome of a check, as a whole or for one object.
type finding struct {
	account string // "" for the configuration
	check   string // its name, which scripts rely on
	status  status
	object  string // UUID of a port, name of a source or a pair, path of a key; "" for the check as a whole
	detail  string // what was found
	remedy  string // what to do; "" if nothing
}

// add adds a finding of the check that is being done. It makes texts fit for a terminal,
// and hides persons: names of ports may hold both control characters and e-mail addresses.
func (e *exam) add(s status, object, detail, remedy string) {
	clean := func(text string) string { return human.Printable(fabric.HideAddresses(text)) }
	e.findings = append(e.findings, finding{clean(e.account.Name), e.check, s, clean(object), clean(detail), clean(remedy)})
}

// maxLines is how many assets with the same problem get a line each.
const maxLines = 10

// each adds a line for every asset, or a single one if they are many. problem follows the
// name of the asset, or their number.
func (e *exam) each(s status, noun string, assets []asset, problem, remedy string) {
	if len(assets) <= maxLines {
		for _, a := range assets {
			e.add(s, a.uuid, a.String()+": "+problem, remedy)
		}
		return
	}
	var names []string
	for _, a := range assets[:maxLines] {
		names = append(names, a.String())
	}
	e.add(s, "", fmt.Sprintf("%s: %s: %s and %d more", human.Plural(len(assets), noun), problem, strings.Join(names, ", "), len(assets)-maxLines), remedy)
}

func count(findings []finding) map[status]int {
	n := map[status]int{}
	for _, s := range statuses {
		n[s] = 0 // to be in the JSON
	}
	for _, f := range findings {
		n[f.status]++
	}
	return n
}

const formatJSON = "json"

var writers = map[string]func(io.Writer, []finding) error{"text": writeText, formatJSON: writeJSON}

// Formats lists the formats of a report.
func Formats() []string { return slices.Sorted(maps.Keys(writers)) }

// record is a finding in JSON. Scripts rely on its names; null is what does not apply.
type record struct {
	Account *string `json:"account"`
	Check   string  `json:"check"`
	Status  status  `json:"status"`
	Object  *string `json:"object"`
	Detail  string  `json:"detail"`
	Remedy  *string `json:"remedy"`
}

func writeJSON(w io.Writer, findings []finding) error {
	orNull := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	checks := make([]record, len(findings))
	for i, f := range findings {
		checks[i] = record{orNull(f.account), f.check, f.status, orNull(f.object), f.detail, orNull(f.remedy)}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Checks  []record       `json:"checks"`
		Summary map[status]int `json:"summary"`
	}{checks, count(findings)})
}

// writeText writes one line for each finding, and its remedy below. If several findings in
// a row have the same remedy, it is below the last of them.
func writeText(w io.Writer, findings []finding) error {
	const maxWidth, maxAccount = 100, 24 // of a line, of the column with the account
	names, account, check := make([]string, len(findings)), 0, 0
	for i, f := range findings {
		names[i] = human.Cut(cmp.Or(f.account, human.Absent), maxAccount)
		account, check = max(account, utf8.RuneCountInString(names[i])), max(check, len(f.check))
	}
	indent := strings.Repeat(" ", 4+2+account+2+check+2)
	room := maxWidth - len(indent)
	var b strings.Builder
	for i, f := range findings {
		head := fmt.Sprintf("%-4s  %-*s  %-*s  ", f.status, account, names[i], check, f.check)
		for _, line := range wrap(f.detail, room) {
			fmt.Fprintln(&b, head+line)
			head = indent
		}
		if i+1 < len(findings) {
			if next := findings[i+1]; f.account == next.account && f.check == next.check && f.remedy == next.remedy {
				continue
			}
		}
		if f.remedy != "" {
			fmt.Fprintln(&b, indent+"→ "+strings.Join(wrap(f.remedy, room-2), "\n"+indent+"  "))
		}
	}
	n := count(findings)
	var summary []string
	for _, s := range statuses {
		summary = append(summary, fmt.Sprintf("%d %s", n[s], s))
	}
	fmt.Fprintln(&b, strings.Join(summary, ", "))
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks text at spaces into lines of at most width characters; a longer word has a
// line of its own. There is at least one line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
