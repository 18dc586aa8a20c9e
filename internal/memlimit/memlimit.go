// Package memlimit keeps the exporter within the memory of its container.
package memlimit

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	cgroup "github.com/KimMachineGun/automemlimit/memlimit"
)

// share is the part of the limit for the Go runtime. The rest is for what the runtime
// does not count, mostly the pages of the program itself.
const share = 0.9

// Set makes the garbage collector work harder as the heap comes near the memory
// limit of the process' cgroup, v1 or v2, so that the kernel does not kill the process
// there. GOMEMLIMIT in the environment wins. The limit is logged.
func Set(log *slog.Logger) {
	if v := os.Getenv("GOMEMLIMIT"); v != "" {
		log.Info("memory limit of the environment", "gomemlimit", v)
		return
	}
	limit, err := cgroup.FromCgroup()
	if err != nil {
		// Not a warning: in many containers and chroots /proc/self/cgroup names a
		// controller that is not mounted, and the user can do nothing about it.
		log.Info("no memory limit", "reason", err)
		return
	}
	bytes := int64(min(share*float64(limit), math.MaxInt64/2))
	debug.SetMemoryLimit(bytes)
	log.Info("memory limit of the cgroup", "limit_bytes", limit, "gomemlimit_bytes", bytes)
}
