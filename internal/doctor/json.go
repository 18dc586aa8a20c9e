package doctor

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
)

const formatJSON = "json"

var writers = map[string]func(io.Writer, []finding) error{"text": writeText, formatJSON: writeJSON}

// Formats lists what can be written.
func Formats() []string { return slices.Sorted(maps.Keys(writers)) }

// record is a finding for programs. Its names are a contract; null is what does
// not apply.
type record struct {
	Account *string `json:"account"`
	Check   string  `json:"check"`
	Status  status  `json:"status"`
	Object  *string `json:"object"`
	Detail  string  `json:"detail"`
	Remedy  *string `json:"remedy"`
}

func writeJSON(w io.Writer, findings []finding) error {
	report := struct {
		Checks  []record       `json:"checks"`
		Summary map[status]int `json:"summary"`
	}{make([]record, len(findings)), map[status]int{}}
	for i, f := range findings {
		report.Checks[i] = record{orNull(f.account), f.check, f.status, orNull(f.object), f.detail, orNull(f.remedy)}
	}
	n := count(findings)
	for _, s := range statuses {
		report.Summary[s] = n[s] // 0 is said, too
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
