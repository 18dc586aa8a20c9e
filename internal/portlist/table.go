package portlist

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

// Widths in characters.
const (
	maxWidth   = 120 // of a line
	gap        = 2   // between two columns
	minName    = 24  // of names, however long the problems are
	maxMetro   = 5   // a code has two letters, but the API may send anything
	maxProblem = 60

	maxCurrency = 3 // as in ISO 4217
)

// writeTable has a column of prices if some are known.
func writeTable(w io.Writer, l list, o Options) error {
	unit := o.Units.PerSecond()
	rows := [][]string{{
		"NAME", "METRO", speedHeading(o.Units), "IN " + unit, "IN P95 " + l.window, "OUT " + unit, "OUT P95 " + l.window,
		"CONN", "AGE", "PROBLEM",
	}}
	for _, p := range l.ports {
		rows = append(rows, p.row(l, o))
	}
	right := []int{2, 7, 8}
	if slices.ContainsFunc(l.ports, func(p port) bool { return p.MonthlyPrice != nil }) {
		right = append(right, 9)
		rows[0] = slices.Insert(rows[0], 9, "PRICE/MONTH")
		for i, p := range l.ports {
			price := absent
			if p.MonthlyPrice != nil {
				price = number(*p.MonthlyPrice) + " " + human.Cut(human.Printable(*p.Currency), maxCurrency)
			}
			rows[i+1] = slices.Insert(rows[i+1], 9, price)
		}
		if _, err := fmt.Fprintln(w, "Prices are list prices, without taxes, not the contract."); err != nil {
			return err
		}
	}
	return writeRows(w, rows, right...)
}

// speedHeading names the unit if it is bytes, since speeds are usually in bits.
func speedHeading(u human.Units) string {
	if u == human.Bytes {
		return "SPEED " + u.PerSecond()
	}
	return "SPEED"
}

// writeRows writes rows in columns. Those that stand at the right are named.
func writeRows(w io.Writer, rows [][]string, right ...int) error {
	widths := fit(rows)
	for _, row := range rows {
		if _, err := fmt.Fprintln(w, line(row, widths, right)); err != nil {
			return err
		}
	}
	return nil
}

func (p *port) row(l list, o Options) []string {
	rate := func(v *float64) string {
		text := fmt.Sprintf("%5s", rateText(v, o.Units))
		if o.Bars {
			text += " " + bar(fleet.ShareOf(v, p.Capacity))
		}
		return text
	}
	row := []string{
		human.Printable(p.Name), absent, rateText(p.Capacity, o.Units),
		rate(p.InLast), rate(p.InP95), rate(p.OutLast), rate(p.OutP95),
		absent, ageText(p.NewestSample, l.now), "",
	}
	if p.Metro != nil {
		row[1] = human.Cut(human.Printable(*p.Metro), maxMetro)
	}
	if p.Connections != nil {
		row[7] = strconv.Itoa(*p.Connections)
	}
	if p.Problem != nil {
		row[9] = human.Cut(human.Printable(*p.Problem), maxProblem)
	}
	return row
}

// fit returns the widths of the columns: as wide as their content, but for names in the first
// and problems in the last, which share what the others leave of a line.
func fit(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	room := maxWidth - gap*(len(widths)-1)
	for i, width := range widths {
		if i > 0 && i < len(widths)-1 {
			room -= width
		}
	}
	name, problem := &widths[0], &widths[len(widths)-1]
	*name = min(*name, max(room-*problem, minName))
	*problem = min(*problem, room-*name)
	return widths
}

func line(row []string, widths, right []int) string {
	var b strings.Builder
	for i, cell := range row {
		cell = human.Cut(cell, widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if slices.Contains(right, i) {
			cell, pad = pad+cell, ""
		}
		b.WriteString(cell + pad + strings.Repeat(" ", gap))
	}
	return strings.TrimRight(b.String(), " ")
}

const absent = human.Absent

// rateText writes a rate in bit/s with three digits and without its unit, e.g. "1.25G".
func rateText(bits *float64, u human.Units) string {
	if bits == nil {
		return absent
	}
	digits, prefix := human.Scale(u.Of(*bits))
	return digits + prefix
}

// bar draws a share in eighths of a character. Every share above 0 shows.
func bar(share *float64) string {
	const barWidth = 4 // of the whole
	if share == nil {
		return ""
	}
	eighths := int(math.Ceil(min(max(*share, 0), 1) * barWidth * 8))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return text
}

// ageText is how long ago t was.
func ageText(t *time.Time, now time.Time) string {
	if t == nil {
		return absent
	}
	return human.Duration(max(0, fleet.Age(now, *t))) // clocks differ
}
