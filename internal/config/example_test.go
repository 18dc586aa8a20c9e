package config_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

const exampleFile = "../../config.example.yml"

// TestExampleShowsTheDefaults: with credentials in the environment the example
// is accepted, and what it spells out is what leaving it out means.
func TestExampleShowsTheDefaults(t *testing.T) {
	got, err := config.Parse("config.yml", read(t, exampleFile), "", fullEnv)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, minimal), got); diff != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", diff)
	}
}

// setting is a line of the example that holds a key and is not in force.
var setting = regexp.MustCompile(`(?m)^( *)#([a-z-])`)

func TestExampleHasEveryKey(t *testing.T) {
	data := setting.ReplaceAll(read(t, exampleFile), []byte("$1$2"))
	given, faults := config.GivenKeys(data)
	for _, key := range config.KnownKeys() {
		// What the entries of include have, those of exclude have too.
		if !slices.Contains(given, strings.Replace(key, ".exclude[]", ".include[]", 1)) {
			t.Errorf("%s is missing in the example", key)
		}
	}
	for _, fault := range faults {
		t.Errorf("with all settings in force: %v", fault)
	}
}

// TestExampleHasEveryOptionalKeyInForce keeps the comparison with the defaults
// honest: it would pass for an empty example, too.
func TestExampleHasEveryOptionalKeyInForce(t *testing.T) {
	given, _ := config.GivenKeys(read(t, exampleFile))
	noDefault := regexp.MustCompile(`client|ca_file|token|include|exclude|pairs|connections(\.|$)|state|remote_write|ports\[\]\.name|windows\[\]\.interval`)
	for _, key := range config.KnownKeys() {
		if !noDefault.MatchString(key) || key == "poll.stale_intervals" {
			if !slices.Contains(given, key) {
				t.Errorf("%s is not in force in the example", key)
			}
		}
	}
}
