package fabric

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// spellings are the ways in which others write a secret: as it is, in a URL, in
// JSON, in quotes, in HTML, and in base64, wherever in a longer text it stands.
func spellings(secret string) []string {
	all := []string{secret}
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret)} {
		all = append(all, escaped, escapes.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	for _, quoted := range []string{strconv.Quote(secret), strconv.QuoteToASCII(secret)} {
		all = append(all, quoted[1:len(quoted)-1])
	}
	all = append(all, inJSON(secret, true), inJSON(secret, false))
	page := html.EscapeString(secret)
	all = append(all, page, plusEntity.Replace(page), namedEntities.Replace(page))
	for shift := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if core := inBase64(enc, secret, shift); len(core) >= minBase64 {
				all = append(all, core)
			}
		}
	}
	return all
}

// minBase64 is what a piece of base64 must have to be no chance match.
const minBase64 = 8

// What writes HTML does not agree on the entities.
var (
	plusEntity    = strings.NewReplacer("+", "&#43;")
	namedEntities = strings.NewReplacer("&#34;", "&quot;", "&#39;", "&#x27;")
)

var escapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// inBase64 is what every text has in base64 that holds secret behind a multiple
// of three bytes and shift more: the characters that depend on nothing else.
func inBase64(enc *base64.Encoding, secret string, shift int) string {
	text := enc.EncodeToString([]byte(strings.Repeat("x", shift) + secret))
	first, last := (shift*8+5)/6, (shift+len(secret))*8/6
	return text[min(first, last):last]
}

// inJSON is s as it stands between the quotes of a JSON string.
func inJSON(s string, escapeHTML bool) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	if enc.Encode(s) != nil {
		return s
	}
	quoted := strings.TrimSuffix(b.String(), "\n")
	return quoted[1 : len(quoted)-1]
}
