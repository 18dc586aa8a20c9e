package faults_test

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/util/testutil"
)

// scenarios are all of them, as the page lists them.
func scenarios() []scenario {
	return slices.Concat(networkScenarios, bodyScenarios, valueScenarios, statusScenarios, accountScenarios, listingScenarios)
}

func TestFaults(t *testing.T) {
	for _, s := range scenarios() {
		for _, source := range sourcesOf(s) {
			t.Run(s.name()+" "+source, func(t *testing.T) {
				t.Parallel()
				line := s.run(t, source, true)
				for i, wrong := range s.verify(line) {
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

// invisible are the faults whose outcome is that of none.
var invisible = []string{"future-points", "unsorted", "duplicated"}

// A scenario that would hold without its fault proves nothing, but for those of
// which no series says anything: they have to show that answers were altered.
func TestNoScenarioHoldsWithoutItsFault(t *testing.T) {
	healthy := map[string]timeline{}
	for _, s := range scenarios() {
		key := fmt.Sprint(sourcesOf(s)[0], s.life, cmp.Or(s.lasts, lasting), s.accounts, s.windows, s.paged, s.more)
		if _, ok := healthy[key]; !ok {
			without := s
			without.mend = nil
			healthy[key] = without.run(t, sourcesOf(s)[0], false)
		}
		line := healthy[key]
		line.hits, line.altered = 1, true // they would tell of any fault
		if holds := len(s.verify(line)) == 0; holds != slices.Contains(invisible, s.name()) {
			t.Errorf("%s holds without its fault: %v", s.name(), holds)
		}
	}
	for _, s := range scenarios() {
		if s.unseen != slices.Contains(invisible, s.name()) {
			t.Errorf("%s need not show that answers were altered", s.name())
		}
	}
}

// Real sockets: what they leave behind fails the package. There is memory enough
// to collect it less often, which saves a quarter of the time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	testutil.TolerantVerifyLeak(m)
}
