// Package human writes figures for people: on the landing page and in the ports
// table, which must not round the same rate differently.
package human

import (
	"strconv"
	"strings"
)

// Absent stands for what is unknown or too old to be shown.
const Absent = "–"

// Scale writes v with three digits and says by which prefix it was divided:
// 1.25e9 is "1.25" and "G".
func Scale(v float64) (digits, prefix string) {
	prefixes := []string{"", "k", "M", "G", "T", "P", "E"}
	unit := 0
	for v >= 999.5 && unit < len(prefixes)-1 { // from there on it would be written as 1000
		v, unit = v/1000, unit+1
	}
	decimals := 2
	switch {
	case v >= 99.95:
		decimals = 0
	case v >= 9.995:
		decimals = 1
	}
	digits = strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits, prefixes[unit]
}
