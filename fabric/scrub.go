package fabric

import (
	"encoding/hex"
	"encoding/json"
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

// redact replaces every secret in s, and every e-mail address: errors end in
// logs and on pages. A secret is recognised as it is, as JSON writes it, and
// percent-encoded as in a URL or a form, in whatever way a library does that.
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
				hidden.WriteString(redacted) // and go on behind it: it may hold a short secret
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

// percentEncoded is how many bytes of s spell secret at its beginning, 0 if it does
// not begin so. Any of the bytes may be percent-encoded: libraries differ.
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
