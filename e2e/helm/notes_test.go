package helm_test

import (
	"strings"
	"testing"
)

// TestNotesWarn reads what helm install prints at its end. Helm prints that only with a
// cluster, so a copy of the chart puts it into an object.
func TestNotesWarn(t *testing.T) {
	c := fullChart(t)
	c.write(t, "templates/_notes.tpl", `{{ define "notes" }}`+read(t, chartDir, "NOTES.txt")["templates/NOTES.txt"]+`{{ end }}`)
	c.write(t, "templates/notes.yaml", `{apiVersion: v1, kind: Notes, text: {{ include "notes" . | toJson }}}`)
	const lock = "Equinix locks an account after five refused logins"
	for _, v := range []struct {
		name      string
		says, not []string
	}{
		{
			"defaults", []string{"create secret generic equinix-api", "service/fabric-equinix-fabric-exporter 10345", "http://localhost"},
			[]string{lock, "each pod", "create the Secret yourself"},
		},
		{"replicas", []string{"2 pods log in", lock, "each pod gets 1/2"}, []string{"shards"}},
		{"shards", []string{"3 pods log in", lock, "each pod gets 1/3"}, nil},
		{"created-secret", []string{"create the Secret yourself"}, []string{"create secret", "canary"}},
		{"token-exchange", nil, []string{"create secret"}},
		{"tls", []string{"https://localhost"}, nil},
	} {
		t.Run(v.name, func(t *testing.T) {
			notes := c.render(t, "--values="+values(t)[v.name]).one(t, "Notes").string("text")
			for _, s := range v.says {
				if !strings.Contains(notes, s) {
					t.Errorf("want %q in:\n%s", s, notes)
				}
			}
			for _, s := range v.not {
				if strings.Contains(notes, s) {
					t.Errorf("%q in:\n%s", s, notes)
				}
			}
		})
	}
}
