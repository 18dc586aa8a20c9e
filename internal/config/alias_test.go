package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

// TestAliasesAreReadAsIfWrittenOut: anchors, aliases and merge keys mean what
// yaml.v3 makes of them.
func TestAliasesAreReadAsIfWrittenOut(t *testing.T) {
	short := parse(t, `accounts:
  - &first
    name: first
    client_id: one
    client_secret: &secret s3cr3t
    discover: &discover
      enabled: true
      include: [&prod {name: prod-.*}, {metro: SV}]
  - name: second
    client_id: two
    client_secret: *secret
    discover: *discover
  - <<: *first
    name: third
    client_id: three
    discover:
      <<: [{include: [*prod]}, *discover]
      exclude: [{<<: *prod, metro: LD}]
`)
	long := parse(t, `accounts:
  - name: first
    client_id: one
    client_secret: s3cr3t
    discover: {enabled: true, include: [{name: prod-.*}, {metro: SV}]}
  - name: second
    client_id: two
    client_secret: s3cr3t
    discover: {enabled: true, include: [{name: prod-.*}, {metro: SV}]}
  - name: third
    client_id: three
    client_secret: s3cr3t
    discover: {enabled: true, include: [{name: prod-.*}], exclude: [{name: prod-.*, metro: LD}]}
`)
	if diff := cmp.Diff(long, short); diff != "" {
		t.Errorf("aliases (-written out +aliases):\n%s", diff)
	}
}

// TestAliasesThatExpandTooFarAreRefused: a small file that stands for a huge one,
// in the very form of a configuration.
func TestAliasesThatExpandTooFarAreRefused(t *testing.T) {
	const n = 10_000
	bomb := "accounts:\n  - &a\n    ports: &p [" + strings.Repeat("{uuid: x}, ", n) + "]\n    discover: {enabled: true}\n" +
		strings.Repeat("  - *a\n", n)
	_, err := config.Parse("config.yml", []byte(bomb), "", fullEnv)
	const want = "config.yml:3: YAML aliases (*name) stand for more than 100000 keys and values: "
	if err == nil || err.Error()[:len(want)] != want {
		t.Errorf("got %.200v\nwant %s", err, want)
	}
}
