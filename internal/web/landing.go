package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed landing.html
var landingHTML string

var landingTemplate = template.Must(template.New("landing").Parse(landingHTML))

// landingPolicy allows the page its own style sheet, which it knows by its
// hash, the icon that is part of it, and nothing else: should a hostile name ever get through the escaping,
// the browser still does nothing with it.
var landingPolicy = "default-src 'none'; style-src '" + styleHash(landingHTML) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func styleHash(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// landing returns the handler of the landing page.
func landing(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var body bytes.Buffer
		if err := landingTemplate.Execute(&body, newPage(o.Load(), o.Pprof, time.Now())); err != nil {
			o.Log.Error("landing page not shown", "err", err)
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", landingPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(body.Bytes()) // who asked is gone; nobody else to tell
	})
}
