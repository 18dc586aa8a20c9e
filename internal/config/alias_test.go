package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
