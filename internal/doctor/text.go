package doctor

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const (
	maxWidth   = 100 // of a line
	maxAccount = 24  // of the column with the account
)

// writeText writes a line a finding, and beneath it what to do. A remedy that
// several findings in a row share stands once, beneath the last of them.
func writeText(w io.Writer, findings []finding) error {
	account, check := 0, 0
	for _, f := range findings {
		account = max(account, utf8.RuneCountInString(column(f)))
		check = max(check, len(f.check))
	}
	indent := strings.Repeat(" ", 4+2+account+2+check+2)
	room := maxWidth - len(indent)
	var b strings.Builder
	for i, f := range findings {
		head := fmt.Sprintf("%-4s  %-*s  %-*s  ", f.status, account, column(f), check, f.check)
		for _, line := range wrap(f.detail, room) {
			fmt.Fprintln(&b, head+line)
			head = indent
		}
		if f.remedy == "" || i+1 < len(findings) && f.sharesRemedy(findings[i+1]) {
			continue
		}
		arrow := "→ "
		for _, line := range wrap(f.remedy, room-2) {
			fmt.Fprintln(&b, indent+arrow+line)
			arrow = "  "
		}
	}
	fmt.Fprintln(&b, summary(findings))
	_, err := io.WriteString(w, b.String())
	return err
}

func (f finding) sharesRemedy(next finding) bool {
	return f.account == next.account && f.check == next.check && f.remedy == next.remedy
}

// column is the account of a finding, cut to the width of its column.
func column(f finding) string {
	r := []rune(f.account)
	switch {
	case len(r) == 0:
		return human.Absent
	case len(r) > maxAccount:
		return string(r[:maxAccount-1]) + "…"
	}
	return f.account
}

func summary(findings []finding) string {
	n := count(findings)
	parts := make([]string, len(statuses))
	for i, s := range statuses {
		parts[i] = fmt.Sprintf("%d %s", n[s], s)
	}
	return strings.Join(parts, ", ")
}

// wrap breaks text into lines of at most width characters, at spaces where
// there are any. There is always one line.
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
