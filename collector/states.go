package collector

import (
	"maps"
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// A label that counts by state has as values the documented states, the first
// mostOthers undocumented states, and unnamed for the sum of all others.
const (
	unnamed    = "OTHER"
	mostOthers = 8
)

const byName = " Undocumented states beyond the first 8 (alphabetically) are summed as OTHER."

// bounded reduces counts by state to the documented states, some others, and the sum of
// the rest, so that the total stays right.
func bounded(counts map[string]int, documented []string) map[string]int {
	kept, others := make(map[string]int, len(counts)), 0
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		switch {
		case slices.Contains(documented, key):
			kept[key] = counts[key]
		case others < mostOthers && key != unnamed:
			kept[key] = counts[key]
			others++
		default:
			kept[unnamed] += counts[key]
		}
	}
	return kept
}

// counts sends a series for each documented state that occurs and for a bounded
// number of others. The state is the label that follows the given ones.
func (e emit) counts(counts map[string]int, documented []string, labels ...string) {
	counts = bounded(counts, documented)
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		e(float64(counts[key]), slices.Concat(labels, []string{key})...)
	}
}

func linkStatuses() []string {
	return []string{fleet.StatusUp, fleet.StatusDown, fleet.Unknown}
}

// equinixStatuses lists the documented operation statuses of a connection on the side
// of Equinix; the empty one is UNKNOWN.
func equinixStatuses() []string {
	return []string{
		"AUTO_APPROVAL_FAILED", "CANCELLED", "DELETED", "DEPROVISIONED", "DEPROVISIONING", "DRAFT", "NOT_DEPROVISIONED",
		"NOT_PROVISIONED", "PENDING_APPROVAL", "PENDING_AUTO_APPROVAL", "PENDING_BGP_PEERING", "PENDING_DELETE",
		"PENDING_INTERFACE_CONFIGURATION", "PENDING_PROVIDER_VLAN", "PENDING_PROVIDER_VLAN_ERROR", "PROVISIONED",
		"PROVISIONING", "REJECTED", "REJECTED_ACK", fleet.Unknown,
	}
}

// providerStatuses lists the documented ones on the side of the provider.
func providerStatuses() []string {
	return []string{
		"AVAILABLE", "DELETING", "DEPROVISIONED", "DEPROVISIONING", "ERROR", "FAILED", "N/A", "NOT_AVAILABLE", "ORDERING",
		"PENDING DELETE", "PENDING_APPROVAL", "PENDING_BGP", "PENDING_CONFIGURATION", "PROVISIONED", "PROVISIONING",
		"REJECTED", fleet.Unknown,
	}
}
