package config_test

import (
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
)

var restoreKeys func()

// The tests of this package see the keys of the next version, too.
func TestMain(m *testing.M) {
	restoreKeys = config.ServeNext()
	m.Run()
}

func TestKeysOfTheNextVersionAreRefused(t *testing.T) {
	restoreKeys()
	defer func() { restoreKeys = config.ServeNext() }()
	const account = "accounts:\n  - ports: [{uuid: 11111111-1111-4111-8111-111111111111}]\n"
	for path, text := range map[string]string{
		"state.file": account + "state: {file: /var/lib/x}\n",
	} {
		_, err := config.Parse("c.yml", []byte(text), ".", fullEnv)
		if err == nil || !strings.Contains(err.Error(), path+": ") || !strings.Contains(err.Error(), "is not available in this version") {
			t.Errorf("%s: %v", path, err)
		}
	}
}
