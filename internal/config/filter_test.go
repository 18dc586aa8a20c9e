package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

func TestPatternMatchesFromEndToEnd(t *testing.T) {
	for _, tt := range []struct {
		pattern   string
		matches   []string
		matchless []string
	}{
		{"SV", []string{"SV"}, []string{"", "S", "SV5", "XSV", "sv", "SV\n"}},
		{"SV|DC", []string{"SV", "DC"}, []string{"SVDC", "SVX", "XDC"}},
		{"a|ab", []string{"a", "ab"}, []string{"b", "abb"}},
		{"a|ab|abc+?", []string{"ab", "abc", "abcc"}, []string{"abcd"}},
		{"prod-.*", []string{"prod-", "prod-1"}, []string{"prod", "preprod-1"}},
		{".*-lab", []string{"-lab", "a-lab"}, []string{"a-lab-1"}},
		{"^x$", []string{"x"}, []string{"xx"}},
		{"(?i)sv", []string{"sv", "SV"}, []string{"svx"}},
		{`\Qa.b`, []string{"a.b"}, []string{"axb", "a.b)$"}},
		{".*", []string{"", "any", "ü"}, nil},
		{"()", []string{""}, []string{"x"}},
		{".", []string{"ü"}, []string{"üü"}},
	} {
		t.Run(tt.pattern, func(t *testing.T) {
			p := pattern(t, tt.pattern)
			for _, text := range tt.matches {
				if !p.Match(text) {
					t.Errorf("does not match %q", text)
				}
			}
			for _, text := range tt.matchless {
				if p.Match(text) {
					t.Errorf("matches %q", text)
				}
			}
		})
	}
}

func TestPatternNilMatchesEverything(t *testing.T) {
	var p *config.Pattern
	if !p.Match("") || !p.Match("any") {
		t.Errorf("nil: %t, %t", p.Match(""), p.Match("any"))
	}
}

func TestDiscoverMatch(t *testing.T) {
	port := config.PortTraits{
		Name: "prod-1", Metro: "SV", IBX: "SV5", State: "ACTIVE", Project: "p-1", Package: "STANDARD",
	}
	for _, tt := range []struct {
		name, discover string
		want           bool
	}{
		{"disabled", "{enabled: false}", false},
		{"disabled, included", "{enabled: false, include: [{name: prod-1}]}", false},
		{"no filters", "{enabled: true}", true},
		{"empty lists", "{enabled: true, include: [], exclude: []}", true},
		{"name", "{enabled: true, include: [{name: prod-.}]}", true},
		{"name, in part", "{enabled: true, include: [{name: prod}]}", false},
		{"name, other case", "{enabled: true, include: [{name: PROD-1}]}", false},
		{"metro", "{enabled: true, include: [{metro: SV|DC}]}", true},
		{"metro, other", "{enabled: true, include: [{metro: LD|DC}]}", false},
		{"ibx", "{enabled: true, include: [{ibx: SV5}]}", true},
		{"ibx, other", "{enabled: true, include: [{ibx: SV}]}", false},
		{"state", "{enabled: true, include: [{state: ACTIVE}]}", true},
		{"state, other", "{enabled: true, include: [{state: INACTIVE}]}", false},
		{"project", "{enabled: true, include: [{project: p-1}]}", true},
		{"project, other", "{enabled: true, include: [{project: p-2}]}", false},
		{"package", "{enabled: true, include: [{package: STANDARD}]}", true},
		{"package, other", "{enabled: true, include: [{package: UNLIMITED}]}", false},
		{"all keys match", "{enabled: true, include: [{name: prod-1, metro: SV, ibx: SV5, state: ACTIVE, project: p-1, package: STANDARD}]}", true},
		{"all keys but one match", "{enabled: true, include: [{name: prod-1, metro: SV, ibx: SV5, state: ACTIVE, project: p-1, package: X}]}", false},
		{"keys of one entry and", "{enabled: true, include: [{metro: SV, name: lab-.*}]}", false},
		{"entries or", "{enabled: true, include: [{name: lab-.*}, {metro: SV}]}", true},
		{"no entry", "{enabled: true, include: [{name: lab-.*}, {metro: LD}]}", false},
		{"exclude alone", "{enabled: true, exclude: [{metro: SV}]}", false},
		{"exclude others", "{enabled: true, exclude: [{metro: LD}]}", true},
		{"exclude after include", "{enabled: true, include: [{name: prod-1}], exclude: [{metro: SV}]}", false},
		{"exclude keys and", "{enabled: true, exclude: [{metro: SV, name: lab-.*}]}", true},
		{"exclude entries or", "{enabled: true, exclude: [{metro: LD}, {name: prod-.*}]}", false},
		{"exclude does not include", "{enabled: true, include: [{metro: LD}], exclude: [{metro: DC}]}", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := parse(t, "accounts: [{discover: %s, %s}]", tt.discover, ports).Accounts[0].Discover
			if got := d.Match(port); got != tt.want {
				t.Errorf("Match() = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestConnectionsMatch(t *testing.T) {
	connection := config.ConnectionTraits{Name: "to AWS", Type: "EVPL_VC", State: "ACTIVE", ZSide: "AWS Direct Connect"}
	for _, tt := range []struct {
		name, connections string
		want              bool
	}{
		{"default", "{}", false},
		{"no traffic", "{traffic: false, include: [{name: .*}]}", false},
		{"no filters", "{traffic: true}", true},
		{"name", "{traffic: true, include: [{name: to .*}]}", true},
		{"name, in part", "{traffic: true, include: [{name: AWS}]}", false},
		{"type", "{traffic: true, include: [{type: EVPL_VC|EPL_VC}]}", true},
		{"type, other", "{traffic: true, include: [{type: EPL_VC}]}", false},
		{"state", "{traffic: true, include: [{state: ACTIVE}]}", true},
		{"state, other", "{traffic: true, include: [{state: DRAFT}]}", false},
		{"z_side", "{traffic: true, include: [{z_side: AWS.*}]}", true},
		{"z_side, other", "{traffic: true, include: [{z_side: Azure.*}]}", false},
		{"keys of one entry and", "{traffic: true, include: [{name: to .*, type: EPL_VC}]}", false},
		{"entries or", "{traffic: true, include: [{name: from .*}, {type: EVPL_VC}]}", true},
		{"exclude after include", "{traffic: true, include: [{name: to .*}], exclude: [{z_side: AWS.*}]}", false},
		{"exclude others", "{traffic: true, exclude: [{z_side: Azure.*}]}", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := parse(t, "accounts: [{connections: %s, %s}]", tt.connections, ports).Accounts[0].Connections
			if got := c.Match(connection); got != tt.want {
				t.Errorf("Match() = %t, want %t", got, tt.want)
			}
		})
	}
}

func TestZeroFiltersSelectNothing(t *testing.T) {
	if (config.Discover{}).Match(config.PortTraits{}) {
		t.Error("the zero Discover selects a port")
	}
	if (config.Connections{}).Match(config.ConnectionTraits{}) {
		t.Error("the zero Connections selects a connection")
	}
}

// pattern is NewPattern for texts that must be accepted.
func pattern(tb testing.TB, text string) *config.Pattern {
	tb.Helper()
	p, err := config.NewPattern(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Filters of something that is off are a mistake that would not be noticed.
func TestFiltersWithoutEffectGiveAWarning(t *testing.T) {
	const ports = "accounts:\n  - ports: [{uuid: 11111111-1111-4111-8111-111111111111}]\n"
	for text, want := range map[string]string{
		"    discover: {enabled: false, include: [{name: a}]}\n":      "accounts[0].discover: has filters but is not enabled",
		"    discover: {enabled: false, exclude: [{name: a}]}\n":      "accounts[0].discover: has filters but is not enabled",
		"    connections: {include: [{name: a}]}\n":                   "accounts[0].connections: has filters but traffic is off",
		"    connections: {traffic: true, include: [{name: a}]}\n":    "",
		"    discover: {enabled: true, include: [{name: a}]}\n":       "",
		"    discover: {enabled: false}\n    connections: {max: 3}\n": "",
	} {
		got := strings.Join(parse(t, "%s", ports+text).Warnings, "; ")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// Two accounts that exchange the same token would see the same ports.
func TestTheSameTokenExchangeTwiceIsRefused(t *testing.T) {
	const account = "  - name: %s\n    token_exchange: {subject_token_file: %s, scope: roleassignments:1}\n    discover: {enabled: true}\n"
	write := func(second string) []byte {
		return []byte("accounts:\n" + fmt.Sprintf(account, "a", "token") + fmt.Sprintf(account, "b", second))
	}
	if _, err := config.Parse("c.yml", write("token"), "testdata", nil); err == nil || !strings.Contains(err.Error(), "accounts[1]: has the same token_exchange as accounts[0]") {
		t.Errorf("the same: %v", err)
	}
	if _, err := config.Parse("c.yml", write("id"), "testdata", nil); err != nil {
		t.Errorf("another: %v", err)
	}
}
