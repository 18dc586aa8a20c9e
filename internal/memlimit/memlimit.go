// Package memlimit keeps the exporter within the memory of its container.
package memlimit

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	cgroup "github.com/KimMachineGun/automemlimit/memlimit"
)

// share of the limit that the Go runtime is to keep within. The rest is for
// what it does not count, the pages of the program itself above all.
const share = 0.9

// Set makes the garbage collector work harder as the heap comes near the memory
// limit of the process' cgroup, v1 or v2, instead of letting the kernel kill the
// process there. GOMEMLIMIT in the environment goes before. It logs what holds.
func Set(log *slog.Logger) {
	if v := os.Getenv("GOMEMLIMIT"); v != "" {
		log.Info("memory limit of the environment", "gomemlimit", v)
		return
	}
	limit, err := cgroup.FromCgroup()
	if err != nil {
		// Also where /proc/self/cgroup names a controller that is not mounted, as in
		// many containers and chroots: there is nothing to mend, so it is no warning.
		log.Info("no memory limit", "reason", err)
		return
	}
	bytes := int64(min(share*float64(limit), math.MaxInt64/2))
	debug.SetMemoryLimit(bytes)
	log.Info("memory limit of the cgroup", "limit_bytes", limit, "gomemlimit_bytes", bytes)
}
