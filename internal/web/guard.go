package web

import "net/http"

// maxBody is more than anything needs: only pprof reads a body at all.
const maxBody = 1 << 20

// strictPolicy allows a page nothing. A page that needs more says so itself.
const strictPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard bounds the bodies of requests, and makes browsers treat every answer as
// what it says it is, and nothing else.
func guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		if header.Get("Content-Security-Policy") == "" { // the web configuration may have one
			header.Set("Content-Security-Policy", strictPolicy)
		}
		if r.ContentLength > maxBody {
			header.Set("Connection", "close") // do not read what is left of it
			http.Error(w, http.StatusText(http.StatusRequestEntityTooLarge), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		h.ServeHTTP(w, r)
	})
}
