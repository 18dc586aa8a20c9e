package human

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// Printable is text without what would not print, or would print elsewhere: a
// name must not steer the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if fabric.Visible(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}

// Plural is a number of things: "1 port", "2 ports".
func Plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
