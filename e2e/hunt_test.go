package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// spelled is a secret in one of the ways in which text may carry it: what a
// gossip says, and what of that is enough to be found.
type spelled struct {
	how, said, text string

	promised bool // docs/threat-model.md says that it is redacted; of the others, the exporter must make none
}

var urlEscape = regexp.MustCompile("%..")

// spellings are the ways that the search knows.
func spellings(secret string) []spelled {
	lower := func(s string) string { return urlEscape.ReplaceAllStringFunc(s, strings.ToLower) }
	asJSON := func(escapeHTML bool) string {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(escapeHTML)
		_ = enc.Encode(secret) // of a string
		return strings.Trim(strings.TrimSpace(b.String()), `"`)
	}
	var page strings.Builder
	_ = template.Must(template.New("").Parse("{{.}}")).Execute(&page, secret) // it knows more characters than package html
	all := []spelled{
		{how: "plain", text: secret, promised: true}, {how: "hex", text: hex.EncodeToString([]byte(secret))},
		{how: "HTML", text: html.EscapeString(secret)}, {how: "HTML template", text: page.String()},
		{how: "query", text: url.QueryEscape(secret), promised: true}, {how: "query, small", text: lower(url.QueryEscape(secret)), promised: true},
		{how: "path", text: url.PathEscape(secret), promised: true}, {how: "path, small", text: lower(url.PathEscape(secret)), promised: true},
		{how: "query, with slashes", text: strings.ReplaceAll(url.QueryEscape(secret), "%2F", "/"), promised: true},
		{how: "JSON", text: asJSON(true), promised: true}, {how: "JSON without HTML", text: asJSON(false)},
		{how: "quoted", text: strings.Trim(fmt.Sprintf("%q", secret), `"`)}, {how: "quoted, ASCII", text: strings.Trim(fmt.Sprintf("%+q", secret), `"`)},
	}
	for i := range all {
		all[i].said = all[i].text
	}
	// In a longer text, such as id:secret of basic auth, it may begin at any of
	// three places; the characters at its ends depend on what is beside it.
	for shift := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 of URLs": base64.RawURLEncoding} {
			text := enc.EncodeToString([]byte("xx"[:shift] + secret))
			all = append(all, spelled{fmt.Sprintf("%s at %d", name, shift), text, text[4 : len(text)-2], false})
		}
	}
	return all
}

// hunt looks for secrets, by their names.
type hunt map[string]string

// in returns which secrets text shows, and how; in what is compressed, too.
func (h hunt) in(text []byte) (found []string) {
	if r, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
		if plain, err := io.ReadAll(r); err == nil {
			found = h.in(plain)
		}
	}
	for name, secret := range h {
		for _, s := range spellings(secret) {
			if bytes.Contains(text, []byte(s.text)) {
				found = append(found, name+" ("+s.how+")")
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// The search finds what is there: spelled out by hand, in all that it is in.
func TestHuntFindsSecrets(t *testing.T) {
	t.Parallel()
	h := hunt{"it": `hu5h/"&+<sEcr3t>%`}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, `... hu5h/"&+<sEcr3t>% ...`); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"plain":         `x=hu5h/"&+<sEcr3t>%;`,
		"form":          `client_secret=hu5h%2F%22%26%2B%3CsEcr3t%3E%25&x=y`,
		"small escapes": `client_secret=hu5h%2f%22%26%2b%3csEcr3t%3e%25&x=y`,
		"path":          `/hu5h%2F%22&+%3CsEcr3t%3E%25/`,
		"JSON":          `{"s":"hu5h/\"\u0026+\u003csEcr3t\u003e%"}`,
		"plain JSON":    `{"s":"hu5h/\"&+<sEcr3t>%"}`,
		"logfmt":        `msg="hu5h/\"&+<sEcr3t>%"`,
		"HTML":          `<td>hu5h/&#34;&amp;&#43;&lt;sEcr3t&gt;%</td>`,
		"HTML, by hand": `<td>hu5h/&#34;&amp;+&lt;sEcr3t&gt;%</td>`,
		"hex":           `68753568 687535682f22262b3c7345637233743e25`,
		"basic auth":    "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+`:hu5h/"&+<sEcr3t>%`)),
		"body":          base64.URLEncoding.EncodeToString([]byte(`{"client_secret":"hu5h/\"&+<sEcr3t>%"}` + `hu5h/"&+<sEcr3t>%`)),
		"gzip":          packed.String(),
	} {
		if found := h.in([]byte(text)); len(found) == 0 {
			t.Errorf("%s is not found in %q", name, text)
		}
	}
	if found := h.in([]byte(`hu5h/ "&+<sEcr3t>% client_secret`)); len(found) > 0 {
		t.Errorf("found %v where it is not", found)
	}
}
