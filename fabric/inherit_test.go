package fabric_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// ledger is somebody who keeps count of refusals, and takes a while for it.
type ledger struct {
	takes time.Duration
	told  []int
}

func (l *ledger) keep(c *fabric.TokenConfig) {
	c.Refused = func(h fabric.Hold) {
		time.Sleep(l.takes)
		l.told = append(l.told, h.Refusals)
	}
}

// Whoever closes a source may end the process then: what was refused must be
// told by that time, however slow the disk.
func TestCloseWaitsUntilARefusalIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{takes: time.Second}
		s := newSource(t, always(401, ``), l.keep)
		go func() { _, _ = s.Token() }()
		synctest.Wait() // it is being told
		s.Close()
		if !slices.Equal(l.told, []int{1}) {
			t.Errorf("told %v before Close returned, want a refusal", l.told)
		}
		time.Sleep(time.Minute)
	})
}

// Two outcomes that are told at the same time may be told in the wrong order.
func TestNoLoginWhileTheOneBeforeIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{takes: time.Second}
		word, a := secret, script(with(401, ``), with(200, granted))
		s := newSource(t, a, l.keep, func(c *fabric.TokenConfig) {
			c.Credentials = func() (fabric.Credentials, error) {
				return fabric.Credentials{ClientID: "id", ClientSecret: word}, nil
			}
		})
		go func() { _, _ = s.Token() }()
		synctest.Wait()
		word = "changed meanwhile"
		if _, err := s.Token(); err == nil || a.count() != 1 {
			t.Errorf("%d logins, %v", a.count(), err)
		}
		if _, err := s.Token(); err != nil || !slices.Equal(l.told, []int{1, 0}) {
			t.Errorf("told %v, %v", l.told, err)
		}
	})
}

// A source that inherits refusals has them told already: a success is news then,
// and so is the first refusal after one that was inherited as none.
func TestWhatIsInheritedIsToldAlready(t *testing.T) {
	for _, tt := range []struct {
		name          string
		restored, old int // refusals that were kept, and those that the old source has had
		answer        int // to the next login
		want          []int
	}{
		{"a success after a refusal", 0, 1, 200, []int{0}},
		{"a refusal after a refusal", 0, 1, 401, []int{2}},
		{"a refusal after a success", 1, 0, 401, []int{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old := newSource(t, always(401, ``))
				for range tt.old {
					_, _ = old.Token()
				}
				old.Close()
				l := new(ledger)
				next := newSource(t, always(tt.answer, granted), l.keep)
				next.Restore(fabric.Hold{Refusals: tt.restored, Next: time.Now().Add(5 * time.Minute)})
				next.InheritHold(old)
				time.Sleep(5 * time.Minute)
				_, _ = next.Token()
				if !slices.Equal(l.told, tt.want) {
					t.Errorf("told %v, want %v", l.told, tt.want)
				}
			})
		})
	}
}
