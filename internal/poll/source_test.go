package poll_test

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// source is the traffic source in use.
func (b *bench) source() string { return b.store.Load().Accounts[0].Source }

func TestAutoStaysWithTheFirstSourceThatHasData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, &fakeAPI{}, "aa")
		b.run(t, time.Minute)
		if got := b.source(); got != "v3" {
			t.Errorf("source %q, want v3", got)
		}
		if n := len(b.api.of("v4-stats", "")); n != 0 {
			t.Errorf("%d calls of another source", n)
		}
	})
}

func TestAutoMovesOnWhenASourceIsGone(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"404", errGone},
		{"405", &fabric.Error{Status: http.StatusMethodNotAllowed}},
		{"410", &fabric.Error{Status: http.StatusGone}},
		{"501", &fabric.Error{Status: http.StatusNotImplemented}},
		{"gateway fault", &fabric.Error{Status: http.StatusUnauthorized, Fault: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ports := uuids(30)
				api := &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
					if source == "v3" {
						return nil, tt.err
					}
					return fresh(), nil
				}}
				b := newBench(t, api, ports...)
				b.run(t, time.Second)
				if got := b.source(); got != "v4-stats" {
					t.Errorf("source %q, want v4-stats", got)
				}
				for _, uuid := range ports {
					if !b.port(t, uuid).Polls[0].OK {
						t.Errorf("port %s has no values yet", uuid)
					}
				}
				if n := len(api.of("v3", "")); n > 10+4*8 {
					t.Errorf("%d calls of the source that is gone, want a sample and those under way", n)
				}
			})
		})
	}
}

func TestAutoStaysOnPassingErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer func(uuid string) (*fabric.Traffic, error)
	}{
		{"500", func(string) (*fabric.Traffic, error) { return nil, errBroken }},
		{"429", func(string) (*fabric.Traffic, error) { return nil, &fabric.Error{Status: 429} }},
		{"empty 200", func(string) (*fabric.Traffic, error) { return &fabric.Traffic{}, nil }},
		{"404 of one port", func(uuid string) (*fabric.Traffic, error) {
			if uuid == "aa" {
				return nil, errGone
			}
			return fresh(), nil
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				api := &fakeAPI{traffic: func(_, uuid string) (*fabric.Traffic, error) { return tt.answer(uuid) }}
				b := newBench(t, api, "aa", "ab", "ac")
				b.run(t, time.Hour)
				if n := len(api.of("v4-stats", "")); n != 0 {
					t.Errorf("%d calls of the next source", n)
				}
			})
		})
	}
}

func TestAutoTriesAgainWhenItsSourceDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alive atomic.Value
		api := &fakeAPI{traffic: func(source, _ string) (*fabric.Traffic, error) {
			if source != alive.Load() {
				return nil, errGone
			}
			return fresh(), nil
		}}
		b := newBench(t, api, "aa", "ab", "ac")
		b.during(t, func(*poll.Poller) {
			for _, source := range []string{"v3", "v4-stats", "v3"} {
				alive.Store(source)
				time.Sleep(12 * time.Minute)
				if got := b.source(); got != source {
					t.Errorf("source %q, want %q", got, source)
				}
			}
		})
	})
}

func TestAutoDoesNotLoopWhenNoSourceExists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) { return nil, errGone }}
		b := newBench(t, api, "aa", "ab")
		b.run(t, time.Hour)
		if n := len(api.of("v3", "")) + len(api.of("v4-stats", "")) + len(api.of("v4-metrics", "")); n < 24 || n > 120 {
			t.Errorf("%d calls in an hour of 12 cycles over 2 ports and 2 sources", n)
		}
		if b.source() != "" || b.port(t, "aa").Polls[0].OK {
			t.Error("a source that answered nobody is in use")
		}
	})
}

func TestAFixedSourceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{traffic: func(string, string) (*fabric.Traffic, error) { return nil, errGone }}
		b := newBench(t, api, "aa")
		b.cfg.Accounts[0].Sources = []string{"v4-stats"}
		b.run(t, time.Hour)
		if b.source() != "v4-stats" || len(api.of("v3", "")) != 0 {
			t.Errorf("source %q, %d calls of v3", b.source(), len(api.of("v3", "")))
		}
	})
}

func TestSourcesAreTriedInTheDocumentedOrder(t *testing.T) {
	if got := poll.Sources(); !slices.Equal(got, []string{"v3", "v4-stats", "v4-metrics"}) {
		t.Errorf("%v", got)
	}
}
