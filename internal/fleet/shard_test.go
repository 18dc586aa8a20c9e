package fleet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

func TestShardSet(t *testing.T) {
	for text, want := range map[string]fleet.Shard{"0/1": {0, 1}, "0/3": {0, 3}, "2/3": {2, 3}, "999/1000": {999, 1000}} {
		var got fleet.Shard
		if err := got.Set(text); err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	for text, word := range map[string]string{
		"": "0/3", "1": "0/3", "a/b": "0/3", "1/": "0/3", "1/2/3": "0/3", "3/3": "0 to 2", "-1/3": "0 to 2",
		"0/0": "1 to 1000", "0/1001": "1 to 1000",
	} {
		got := fleet.Shard{Index: 1, Count: 2}
		if err := got.Set(text); err == nil || !strings.Contains(err.Error(), word) || got != (fleet.Shard{Index: 1, Count: 2}) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// Every key is in one shard, the shards are about equal, and one more of them
// takes keys from the others without moving any between them.
func TestShardHas(t *testing.T) {
	const keys = 10_000
	home := func(key string, count int) int {
		found := -1
		for i := range count {
			if (fleet.Shard{Index: i, Count: count}).Has(key) {
				if found >= 0 {
					t.Fatalf("%s is in %d and %d of %d", key, found, i, count)
				}
				found = i
			}
		}
		return found
	}
	before := make([]int, keys)
	for count := 1; count <= 8; count++ {
		sizes := make([]int, count)
		for k := range keys {
			at := home(fmt.Sprintf("%08d-0000-4000-8000-000000000000", k), count)
			if at < 0 {
				t.Fatalf("key %d is in none of %d", k, count)
			}
			if at != before[k] && at != count-1 {
				t.Errorf("key %d moves from %d to %d of %d", k, before[k], at, count)
			}
			before[k] = at
			sizes[at]++
		}
		for i, n := range sizes {
			if even := keys / count; n < even*9/10 || n > even*11/10 {
				t.Errorf("%d of %d has %d of %d keys", i, count, n, keys)
			}
		}
	}
}

// A port stays in its shard over versions of the exporter: else an upgrade of one after the
// other would poll it twice, or not at all.
func TestShardHasTheSameKeysInEveryVersion(t *testing.T) {
	var got []int
	for k := range 12 {
		for i := range 5 {
			if (fleet.Shard{Index: i, Count: 5}).Has(fmt.Sprintf("%08d-0000-4000-8000-000000000000", k)) {
				got = append(got, i)
			}
		}
	}
	if want := []int{3, 4, 0, 4, 1, 0, 2, 1, 4, 0, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("shards %v, want %v", got, want)
	}
}

func TestShardIsWholeIfItIsTheOnlyOne(t *testing.T) {
	for shard, want := range map[fleet.Shard]bool{{}: true, {Index: 0, Count: 1}: true, {Index: 0, Count: 2}: false, {Index: 1, Count: 2}: false} {
		if shard.Whole() != want {
			t.Errorf("%v: %v", shard, shard.Whole())
		}
	}
}
