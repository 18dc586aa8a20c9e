package faults_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/util/testutil"
)

// scenarios are all of them, as the page lists them.
func scenarios() []scenario {
	return slices.Concat(networkScenarios, bodyScenarios, valueScenarios, statusScenarios, accountScenarios)
}

func TestFaults(t *testing.T) {
	for _, s := range scenarios() {
		for _, source := range sourcesOf(s) {
			t.Run(s.name()+" "+source, func(t *testing.T) {
				t.Parallel()
				line := s.run(t, source, true)
				for i, wrong := range s.judge(line) {
					if i == 12 {
						t.Fatal("and more")
					}
					t.Error(wrong)
				}
			})
		}
	}
}

func sourcesOf(s scenario) []string {
	if len(s.sources) == 0 {
		return []string{"auto"}
	}
	return s.sources
}

// A scenario that would hold without its fault proves nothing.
func TestNoScenarioHoldsWithoutItsFault(t *testing.T) {
	healthy := map[string]timeline{}
	for _, s := range scenarios() {
		key := strings.Join([]string{sourcesOf(s)[0], s.life.String(), cmp.Or(s.lasts, lasting).String(), string(rune('0' + s.accounts))}, " ")
		if _, ok := healthy[key]; !ok {
			without := s
			without.mend = nil
			healthy[key] = without.run(t, sourcesOf(s)[0], false)
		}
		if len(s.judge(healthy[key])) == 0 {
			t.Errorf("%s holds without its fault", s.name())
		}
	}
}

// Real sockets: what they leave behind fails the package.
func TestMain(m *testing.M) { testutil.TolerantVerifyLeak(m) }
