package portlist

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const (
	maxWidth = 120 // of a line
	gap      = 2   // between two columns
	// minName is what names keep of a line however much there is to say about
	// problems.
	minName = 24
	// maxMetro and maxProblem bound what others wrote. Metros are codes of two
	// letters.
	maxMetro   = 5
	maxProblem = 60
)

// The places of the columns whose width gives way to that of the others.
const (
	nameColumn    = 0
	problemColumn = 9
)

func writeTable(w io.Writer, l list, o Options) error {
	rows := [][]string{{
		"NAME", "METRO", "SPEED", "IN bit/s", "IN P95 " + l.window, "OUT bit/s", "OUT P95 " + l.window,
		"CONN", "AGE", "PROBLEM",
	}}
	for _, p := range l.ports {
		rows = append(rows, p.row(l, o.Bars))
	}
	widths := fit(rows)
	for _, row := range rows {
		if _, err := fmt.Fprintln(w, line(row, widths)); err != nil {
			return err
		}
	}
	return nil
}

func (p *port) row(l list, bars bool) []string {
	rate := func(v *float64) string {
		text := fmt.Sprintf("%5s", rateText(v))
		if bars {
			text += " " + bar(fleet.ShareOf(v, p.Capacity))
		}
		return text
	}
	row := []string{
		human.Printable(p.Name), absent, rateText(p.Capacity),
		rate(p.InLast), rate(p.InP95), rate(p.OutLast), rate(p.OutP95),
		absent, ageText(p.NewestSample, l.now), "",
	}
	if p.Metro != nil {
		row[1] = cut(human.Printable(*p.Metro), maxMetro)
	}
	if p.Connections != nil {
		row[7] = strconv.Itoa(*p.Connections)
	}
	if p.Problem != nil {
		row[problemColumn] = cut(human.Printable(*p.Problem), maxProblem)
	}
	return row
}

// fit returns the widths of the columns, as wide as what is in them but for
// names and problems, which share what the others leave of a line.
func fit(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	room := maxWidth - gap*(len(widths)-1)
	for i, width := range widths {
		if i != nameColumn && i != problemColumn {
			room -= width
		}
	}
	name, problem := &widths[nameColumn], &widths[problemColumn]
	*name = min(*name, max(room-*problem, minName))
	*problem = min(*problem, room-*name)
	return widths
}

func line(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		cell = cut(cell, widths[i])
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if right(i) {
			cell, pad = pad+cell, ""
		}
		b.WriteString(cell + pad + strings.Repeat(" ", gap))
	}
	return strings.TrimRight(b.String(), " ")
}

// right reports whether a column holds single numbers.
func right(column int) bool { return column == 2 || column == 7 || column == 8 }
