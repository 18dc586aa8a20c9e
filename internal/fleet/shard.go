package fleet

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Shard is the part of the ports that one of several exporters takes care of.
// Its zero value is all of them.
type Shard struct {
	Index int // from 0
	Count int // of the exporters that share the ports
}

// maxShards bounds what can only be a slip of the pen.
const maxShards = 1000

// Set reads "index/count", the index from 0, as a flag does.
func (s *Shard) Set(text string) error {
	left, right, ok := strings.Cut(text, "/")
	index, err := strconv.Atoi(left)
	count, errCount := strconv.Atoi(right)
	switch {
	case !ok || errors.Join(err, errCount) != nil:
		return fmt.Errorf("shard %q is not written like 0/3: index from 0, then the number of shards", text)
	case count < 1 || count > maxShards:
		return fmt.Errorf("shard %q: there may be 1 to %d of them", text, maxShards)
	case index < 0 || index >= count:
		return fmt.Errorf("shard %q: the index must be 0 to %d", text, count-1)
	}
	*s = Shard{index, count}
	return nil
}

// String writes it as Set reads it.
func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, max(s.Count, 1)) }

// Whole reports whether there is no other.
func (s Shard) Whole() bool { return s.Count <= 1 }

// Has reports whether what bears the key is in the shard. Each key is in one of
// the shards of a count; with one more shard no key moves but to the new one.
func (s Shard) Has(key string) bool {
	if s.Whole() {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return jump(h.Sum64(), s.Count) == s.Index
}

// jump is the consistent hash of Lamping and Veach, by their constants.
func jump(key uint64, count int) int {
	var b, j int64
	for j < int64(count) {
		b = j
		key = key*2862933555777941757 + 1
		j = int64(float64(b+1) * (float64(1<<31) / float64(key>>33+1)))
	}
	return int(b)
}
