package fabric

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// hideSecret replaces secret in s as others repeat it: as it is, percent-encoded as
// in a URL, and in base64, wherever in a longer text it stands. Other spellings are
// not recognised.
func hideSecret(s, secret string) string {
	var hidden strings.Builder
	for i := 0; i < len(s); {
		if n := percentEncoded(s[i:], secret); n > 0 {
			hidden.WriteString(redacted) // and go on behind it: a short secret may be a part of it
			i += n
		} else {
			hidden.WriteByte(s[i])
			i++
		}
	}
	s = hidden.String()
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if core := inBase64(enc, secret, shift); len(core) >= minBase64 {
				s = strings.ReplaceAll(s, core, redacted)
			}
		}
	}
	return s
}

// percentEncoded is how many bytes of s spell secret at its beginning, 0 if it does
// not begin so. Any subset of the bytes may be percent-encoded; clients differ.
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

// minBase64 is what a piece of base64 must have to be no chance match.
const minBase64 = 8

// inBase64 is what every text has in base64 that holds secret behind a multiple
// of three bytes and shift more: the characters that depend on nothing else.
func inBase64(enc *base64.Encoding, secret string, shift int) string {
	text := enc.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
	first, last := (shift*8+5)/6, (shift+len(secret))*8/6
	return text[min(first, last):last]
}
