package fabrictest

import "fmt"

// mix is the finaliser of splitmix64: it spreads every bit of x over all bits.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }

// hashString is FNV-1a, started from seed and finished with mix.
func hashString(seed uint64, s string) uint64 {
	h := seed ^ 0xcbf29ce484222325
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h)
}

// newUUID is the n-th identifier of a kind; equal arguments give equal ones.
func newUUID(seed uint64, kind string, n int) string {
	hi := hashString(seed+uint64(n), kind) //nolint:gosec // n counts from 0
	lo := mix(hi)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0xfff, lo&0xffffffffffff)
}
