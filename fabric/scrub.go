package fabric

import (
	"regexp"
	"strings"
	"unicode"
)

const (
	maxMessage = 500 // runes of a decoded message: enough for every reason the API lists
	maxRawText = 200 // runes of a body that is no known error: enough to recognise a proxy's page
	redacted   = "[redacted]"
)

// address is an e-mail address, its at sign and dots plain or as JSON, URLs and
// HTML spell them. It takes too much rather than too little: of somebody's name
// nothing may stay.
var address = regexp.MustCompile(`(?i)(?:"[^"@]{1,64}"|` +
	`(?:\\+u[0-9a-f]{4}|[^\s\pZ@:;,<>()\[\]"'/?&=|\\])(?:\\+u[0-9a-f]{4}|[^\s\pZ@:;,<>()\[\]"/?&=|\\])*)` +
	`(?:@|%(?:25)*40|\\+u0040|&#64;|&#x40;|&commat;)` +
	`(?:\[[^\]\s]+\]|[\pL\pM\pN_-]+(?:(?:\.|%(?:25)*2e|\\+u002e)[\pL\pM\pN_-]+)+)`)

// HideAddresses is s with every e-mail address in it replaced by [e-mail].
func HideAddresses(s string) string { return address.ReplaceAllString(s, "[e-mail]") }

// redact replaces every secret in s, and whatever names a person: errors end in logs
// and on pages.
func redact(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = hideSecret(s, secret)
		}
	}
	return HideAddresses(s)
}

// oneLine is s with control characters and runs of space made single spaces,
// cut to limit runes. Answers may come from anywhere, and end in logs.
func oneLine(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}
