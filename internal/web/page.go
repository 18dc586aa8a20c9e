package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/version"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

var (
	//go:embed *.html
	templateFiles embed.FS
	//go:embed style.css
	style string

	templates = template.Must(template.New("").
			Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(style) }}). //nolint:gosec // G203: a constant
			ParseFS(templateFiles, "*.html"))

	// pagePolicy allows only the style sheet of the pages, by its hash, their embedded icon,
	// and their form, which searches. If a hostile name got through the escaping, the
	// browser would still run no script.
	pagePolicy = "default-src 'none'; style-src '" + styleHash() + "'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

func styleHash() string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// frame is what all pages have.
type frame struct {
	query

	Title, Version string
	Root           string // path from the page to the landing page
	Self           string // path from the page to itself
	Pprof          bool
	Now            moment
}

func (o Options) newFrame(r *http.Request, now time.Time) frame {
	f := frame{
		query: newQuery(r.URL.Query(), o.Units), Title: "Equinix Fabric exporter", Version: version.Version,
		Root: "./", Self: "./", Pprof: o.Pprof, Now: newMoment(now, now),
	}
	f.Now.Text = now.UTC().Format("2006-01-02 15:04:05 UTC")
	return f
}

// page answers with the landing page, or with the page of a port if the path names one.
func (o Options) page(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	f, status := o.newFrame(r, now), http.StatusOK
	name, data := "landing", any(nil)
	if uuid := r.PathValue("uuid"); uuid == "" {
		data = newFleetPage(f, o.Load(), now)
	} else {
		f.Root, f.Self = "../", ""
		p := newPortPage(f, o.Load(), uuid, now)
		if name, data = "port", p; p.UUID == "" {
			status = http.StatusNotFound
		}
	}
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, name, data); err != nil {
		o.Log.Error("page not shown", "page", name, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-store")
	if f.Refresh > 0 {
		h.Set("Refresh", strconv.Itoa(f.Refresh))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // into memory
}

const absent = human.Absent

// number is a figure: Text is for people, and Value is what /metrics has, in its units.
// Both are "" if it is unknown.
type number struct{ Text, Value string }

func value(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// rateOf is a rate of bit/s, which /metrics has in bytes per second.
func rateOf(bits *float64, u human.Units) number {
	if bits == nil {
		return number{}
	}
	return number{u.Rate(*bits), value(*bits / 8)}
}

// shareOf is a share in whole percent.
func shareOf(share *float64) number {
	if share == nil {
		return number{}
	}
	return number{strconv.FormatFloat(100**share, 'f', 0, 64) + " %", value(*share)}
}

func countOf[T int | float64](n T) number { return number{value(float64(n)), value(float64(n))} }

// moment is a time. Text says how long ago it was.
type moment struct{ Text, Time string }

func newMoment(t, now time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	// Clocks differ, so it may seem to be in the future.
	return moment{human.Duration(max(0, fleet.Age(now, t))), t.UTC().Format("2006-01-02T15:04:05.999Z")}
}

// meter is a share that is drawn as a bar.
type meter struct {
	Share number
	Width string // of the bar, in percent; "" if the share is unknown
	Class string // of the level: "", mid or bad
}

func newMeter(share *float64, l fleet.Level) meter {
	m := meter{Share: shareOf(share), Class: class(l)}
	if share != nil {
		m.Width = strconv.FormatFloat(100*min(max(*share, 0), 1), 'f', 1, 64)
	}
	return m
}

// class is the CSS class of a level.
func class(l fleet.Level) string {
	return map[fleet.Level]string{fleet.Warning: "mid", fleet.Critical: "bad"}[l]
}

// statusClass is the CSS class of an operational status.
func statusClass(status string) string {
	return map[string]string{fleet.StatusUp: "good", fleet.StatusPartial: "mid", fleet.StatusDown: "bad"}[status]
}

// short cuts a text of the API, such as an error, to a length that fits into the
// page.
func short(text string) string { return human.Cut(text, 201) }
