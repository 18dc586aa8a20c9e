package pictures_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/grafana"
	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/pictures"
)

var chromium = flag.String("chromium", "", "browser that takes the pictures for docs/dashboards; none are taken without")

// shots are the dashboards as the documents show them.
var shots = []struct {
	uid, file string
	port      string // "" for all
	before    string // row before which the picture ends
}{
	{"equinix-fabric-fleet", "fleet.png", "", ""},
	{"equinix-fabric-port", "port.png", "SG1-CDN-10G", ""},
	{"equinix-fabric-connections", "connections.png", "", ""},
	{"equinix-fabric-exporter", "exporter.png", "", "The process"}, // which would be that of the test
}

func TestPictures(t *testing.T) {
	t.Parallel()
	weeks, day := 2*time.Hour, time.Hour // enough to try the tool
	if *chromium != "" {
		weeks, day = 17*24*time.Hour, 36*time.Hour
	}
	p, at := replay(t, weeks, day)
	all, err := grafana.Load("../../dashboards")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shots {
		for _, d := range all {
			if d.UID == s.uid {
				if i := slices.IndexFunc(d.Panels, func(p grafana.Panel) bool { return p.Title == s.before }); i >= 0 {
					d.Panels = d.Panels[:i]
				}
				take(t, d, p, s.port, s.file, at)
			}
		}
	}
}

// take draws a dashboard and, with a browser, takes its picture.
func take(t *testing.T, d grafana.Dashboard, p grafana.Prometheus, port, file string, at time.Time) {
	t.Helper()
	choice := grafana.Choice{}
	var labels []pictures.Choice
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		options, err := p.Options(d, v, choice, at)
		if err != nil || len(options) == 0 {
			t.Fatalf("%s: %d options: %v", v.Name, len(options), err)
		}
		shown := "All"
		if !v.IncludeAll {
			chosen := options[0]
			for _, o := range options {
				if o.Text == port {
					chosen = o
				}
			}
			choice, shown = choice.With(v.Name, chosen.Value), chosen.Text
		}
		labels = append(labels, pictures.Choice{Label: v.Label, Value: shown})
	}
	page, err := pictures.Draw(d, p, choice, labels, at)
	if err != nil {
		t.Fatal(err)
	}
	var html bytes.Buffer
	if err := page.Write(&html); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(html.String(), "<section"); n != len(d.Panels) {
		t.Errorf("%s: %d of %d panels are drawn", d.UID, n, len(d.Panels))
	}
	if *chromium != "" {
		photograph(t, html.Bytes(), page.Height(), file)
	}
}

func photograph(t *testing.T, html []byte, height int, file string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, html, 0o600); err != nil {
		t.Fatal(err)
	}
	to, err := filepath.Abs(filepath.Join("../../docs/dashboards", file))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shot := filepath.Join(t.TempDir(), "shot.png")
	out, err := exec.CommandContext(ctx, *chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
		fmt.Sprintf("--window-size=%d,%d", pictures.Width, height), "--screenshot="+shot, "file://"+path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := pictures.Shrink(shot, to); err != nil {
		t.Fatal(err)
	}
}
