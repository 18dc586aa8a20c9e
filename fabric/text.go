package fabric

import (
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessage = 500 // runes of a decoded message: enough for a message with several reasons
	maxRawText = 200 // runes of a body in no known form: enough to recognise a proxy's page
	redacted   = "[redacted]"
)

// redact replaces every secret in s, and every e-mail address: errors end in logs and
// on pages. A secret is recognised as plain text, as JSON writes it, and
// percent-encoded in any of the ways of URLs and forms.
func redact(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		quoted, _ := json.Marshal(secret) // a string is never an error
		if inJSON := string(quoted[1 : len(quoted)-1]); inJSON != secret {
			s = strings.ReplaceAll(s, inJSON, redacted)
		}
		var hidden strings.Builder
		for i := 0; i < len(s); {
			if n := percentEncoded(s[i:], secret); n > 0 {
				hidden.WriteString(redacted) // and go on behind it; a short secret may follow
				i += n
			} else {
				hidden.WriteByte(s[i])
				i++
			}
		}
		s = hidden.String()
	}
	return HideAddresses(s)
}

// percentEncoded is the length of the beginning of s that spells secret, 0 if s does
// not begin with it. Any byte may be percent-encoded: libraries differ.
func percentEncoded(s, secret string) int {
	n := 0
	for i := range len(secret) {
		if len(s)-n >= 3 && s[n] == '%' {
			if b, err := hex.DecodeString(s[n+1 : n+3]); err == nil && b[0] == secret[i] {
				n += 3
				continue
			}
		}
		if n == len(s) || s[n] != secret[i] && (s[n] != '+' || secret[i] != ' ') {
			return 0
		}
		n++
	}
	return n
}

// address is an e-mail address, its at sign and dots plain or as JSON, URLs and HTML
// spell them. It matches too much rather than too little: no part of a person's name
// may stay.
var address = regexp.MustCompile(`(?i)(?:"[^"@]{1,64}"|` +
	`(?:\\+u[0-9a-f]{4}|[^\s\pZ@:;,<>()\[\]"'/?&=|\\])(?:\\+u[0-9a-f]{4}|[^\s\pZ@:;,<>()\[\]"/?&=|\\])*)` +
	`(?:@|%(?:25)*40|\\+u0040|&#64;|&#x40;|&commat;)` +
	`(?:\[[^\]\s]+\]|[\pL\pM\pN_-]+(?:(?:\.|%(?:25)*2e|\\+u002e)[\pL\pM\pN_-]+)+)`)

// HideAddresses is s with every e-mail address in it replaced by [e-mail].
func HideAddresses(s string) string { return address.ReplaceAllString(s, "[e-mail]") }

// oneLine is s with control characters and runs of space made single spaces,
// cut to limit runes. Answers may come from any server, and their texts end in logs.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// maxLabel is how many bytes of a name or another text of the API are kept, including
// the … of a cut. Names at Equinix are much shorter.
const maxLabel = 256

const cutMark = "…"

// tidy is s made fit for labels, tables and logs: at most [maxLabel] bytes, with … at
// the end if it was cut, and � for each byte that is not UTF-8 and each character
// that is not [Visible].
func tidy(s string) string {
	if len(s) <= maxLabel && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s // printable ASCII, as nearly all texts are
	}
	b := make([]byte, 0, maxLabel+utf8.UTFMax)
	for _, r := range s { // utf8.RuneError for each bad byte
		if !Visible(r) {
			r = utf8.RuneError
		}
		if b = utf8.AppendRune(b, r); len(b) <= maxLabel {
			continue
		}
		end := maxLabel - len(cutMark)
		for !utf8.RuneStart(b[end]) {
			end--
		}
		return string(b[:end]) + cutMark
	}
	return string(b)
}

// Visible reports whether a character is visible and does not affect the text around
// it. Control characters, changes of the writing direction and characters without
// width are not; the selector of coloured symbols is.
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

var canonicalUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// uuid is a UUID in lower case, and "" for anything else: UUIDs become parts of
// paths, and are compared.
func uuid[S ~string](s S) string {
	id := strings.ToLower(strings.TrimSpace(string(s)))
	if !canonicalUUID.MatchString(id) {
		return ""
	}
	return id
}

// distinct returns the valid UUIDs in lower case, each once, in their order.
func distinct(uuids []string) []string {
	var out []string
	seen := make(map[string]bool, len(uuids))
	for _, u := range uuids {
		if u = uuid(u); u != "" && !seen[u] {
			seen[u] = true
			out = append(out, u)
		}
	}
	return out
}
