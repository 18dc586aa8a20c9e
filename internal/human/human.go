// Package human formats numbers and texts in the same way for the landing page, the
// ports table and the report of doctor.
package human

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// Absent stands for what is unknown or too old to be shown.
const Absent = "–"

// Scale writes v with three digits and an SI prefix: 1.25e9 is "1.25" and "G".
func Scale(v float64) (digits, prefix string) {
	prefixes := []string{"", "k", "M", "G", "T", "P", "E"}
	unit := 0
	for v >= 999.5 && unit < len(prefixes)-1 { // such a value would be written as 1000
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

// Duration writes d like Prometheus, e.g. "37s", "5m" or "1d1h", without seconds from
// a minute on and without minutes from a day on.
func Duration(d time.Duration) string {
	unit := time.Second
	switch {
	case d >= 24*time.Hour:
		unit = time.Hour
	case d >= time.Minute:
		unit = time.Minute
	}
	return model.Duration(d.Truncate(unit)).String()
}

// Visible reports whether r is visible and does not affect the text around it.
// Package fabric has the same rule for texts of the API.
func Visible(r rune) bool {
	const brailleBlank, emojiSelector = '\u2800', '\ufe0f'
	switch r {
	case brailleBlank:
		return false
	case emojiSelector:
		return true
	}
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// Printable returns text with U+FFFD in place of each character that is not visible,
// so that a name cannot control the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if Visible(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}

// Cut returns text with at most width characters. The last one is … if some are left out.
func Cut(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	return strings.TrimRight(string(r[:width-1]), " ") + "…"
}

// Plural is a number of things: "1 port", "2 ports".
func Plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// Units say whether rates are written in bits or in bytes. The zero value is Bits.
type Units string

// The units of rates.
const (
	Bits  Units = "bits"
	Bytes Units = "bytes"
)

// PerSecond is the unit of a rate without a prefix.
func (u Units) PerSecond() string {
	if u == Bytes {
		return "B/s"
	}
	return "bit/s"
}

// Of converts a rate in bit/s.
func (u Units) Of(bits float64) float64 {
	if u == Bytes {
		return bits / 8
	}
	return bits
}

// Rate writes a rate in bit/s with three digits and an SI prefix, e.g. "1.25 Gbit/s" or
// "156 MB/s".
func (u Units) Rate(bits float64) string {
	digits, prefix := Scale(u.Of(bits))
	return digits + " " + prefix + u.PerSecond()
}
