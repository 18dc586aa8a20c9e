package state_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/state"
)

// Whatever is wrong with the values of a whole file, the logins that were refused
// are counted: the account would be locked before long.
func TestRefusedLoginsAreReadWhereValuesAreNot(t *testing.T) {
	odd := document()
	odd.Fleet.Ports[0].Inventory.At = written.Add(time.Hour)
	for name, tt := range map[string]struct {
		d   *state.Document
		now time.Time
	}{
		"a clock that was set back":       {document(), written.Add(-time.Hour)},
		"a clock that had been set ahead": {odd, written},
	} {
		data, err := tt.d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		onlyLogins(t, name, data, tt.now)
	}
	good, err := document().Encode()
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(good), "\n")
	for name, body := range map[string]string{
		"a part of another version": strings.Replace(body, `"APIName":`, `"Name":`, 1),
		"another type":              strings.Replace(body, `"StaleIntervals":5`, `"StaleIntervals":"5"`, 1),
		"an impossible counter":     strings.Replace(body, `"Total":7`, `"Total":-7`, 1),
	} {
		onlyLogins(t, name, []byte(sealed(1, body)), written)
	}
}

func onlyLogins(t *testing.T, name string, data []byte, now time.Time) {
	t.Helper()
	got, err := state.Decode(data, now)
	if err == nil || got == nil || got.Fleet != nil || got.Key != key || got.Logins[login].Refusals != 2 {
		t.Errorf("%s: %+v, %v", name, got, err)
	}
}

// What cannot be read again must not take the place of what can.
func TestTooLargeStatesAreNotWritten(t *testing.T) {
	defer state.SetMaxSize(1000)()
	if _, err := document().Encode(); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}
