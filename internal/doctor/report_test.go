package doctor_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric/fabrictest"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/doctor"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sick has something of everything that the doctor finds.
const sick = `accounts:
  - name: classic
    api_url: https://classic.example.com
    client_id: demo-client
    client_secret: demo-secret
    ports: [{uuid: 7b9d3e0a-1f0c-4c5e-9d53-0c6d2f0f8c11, name: ams-uplink-2}, {uuid: 7b9d3e0a-1f0c-4c5e-9d53-0c6d2f0f8c12}]
    discover: {enabled: true, exclude: [{name: ".*-lab"}]}
  - name: metrics
    api_url: https://metrics.example.com
    client_id: demo-client
    client_secret: demo-secret
    discover: {enabled: true}
    connections: {traffic: true, include: [{name: ".*"}], exclude: [{type: VG_VC}]}
  - name: lab
    api_url: https://lab.example.com
    client_id: demo-client
    client_secret: mistyped
    discover: {enabled: true}
api: {requests_per_second: 0.05, burst: 100}
`

func TestText(t *testing.T) {
	for name, text := range map[string]string{
		"healthy": "accounts: [{api_url: https://classic.example.com, client_id: demo-client, client_secret: demo-secret, discover: {enabled: true}}]",
		"sick":    sick,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				apis := map[string]*fabrictest.API{
					"classic.example.com": fabrictest.New(fabrictest.Options{}),
					"metrics.example.com": metricsConnections(),
					"lab.example.com":     fabrictest.New(fabrictest.Options{}),
				}
				o := options(t, byHost(apis), text)
				o.Format = "text"
				var out bytes.Buffer
				if err := doctor.Run(t.Context(), o, &out); (err == nil) != (name == "healthy") {
					t.Errorf("Run: %v", err)
				}
				golden(t, "testdata/"+name+".txt", out.String())
			})
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A long name does not make the lines wider.
func TestTextKeepsItsWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := fabrictest.New(fabrictest.Options{})
		text := strings.Replace(account(listing(unknownUUID)), "prod", strings.Repeat("ä", 100), 1)
		o := options(t, api.Transport(), text)
		o.Format = "text"
		var out bytes.Buffer
		if err := doctor.Run(t.Context(), o, &out); err == nil || !strings.Contains(out.String(), unknownUUID) {
			t.Errorf("Run: %v, wrote %s", err, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
	})
}
