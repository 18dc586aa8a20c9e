package fabric

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLabel is how many bytes of a text of the API are kept, the mark of the cut
// included. No name that Equinix gives comes near it.
const maxLabel = 256

const cutMark = "…"

// tidy is s as it may stand in a label, a table and a log: at most [maxLabel]
// bytes, what is cut off marked, and a � for each character that leaves no mark
// or moves the text around it, and for each byte that is no UTF-8.
func tidy(s string) string {
	if plain(s) && len(s) <= maxLabel {
		return s
	}
	b := make([]byte, 0, maxLabel+utf8.UTFMax)
	for _, r := range s { // utf8.RuneError for each bad byte
		if !Visible(r) {
			r = utf8.RuneError
		}
		if b = utf8.AppendRune(b, r); len(b) > maxLabel {
			return cut(b)
		}
	}
	return string(b)
}

// Visible reports whether a character leaves a mark, and moves nothing around it: no
// control, no change of writing direction, nothing of no width but the selector of
// coloured symbols.
func Visible(r rune) bool {
	const blank, coloured = '\u2800', '\ufe0f'
	switch r {
	case blank:
		return false
	case coloured:
		return true
	}
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// cut is the beginning of b, which is longer than allowed, with the mark.
func cut(b []byte) string {
	end := maxLabel - len(cutMark)
	for !utf8.RuneStart(b[end]) {
		end--
	}
	return string(b[:end]) + cutMark
}

// plain reports whether s is of printable ASCII only, as nearly all texts are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// uuid is a UUID in the spelling that UUIDs are compared in, and "" for anything
// else: a UUID becomes part of a path, and tells which ports belong together.
func uuid[S ~string](s S) string {
	id := strings.ToLower(strings.TrimSpace(string(s)))
	if !canonicalUUID.MatchString(id) {
		return ""
	}
	return id
}

var canonicalUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
