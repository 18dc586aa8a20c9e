package human

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is text without what would not print, or would print elsewhere: a
// name must not steer the terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return utf8.RuneError
	}, text)
}
