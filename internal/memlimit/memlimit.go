// Package memlimit keeps the exporter within the memory limit of its container.
package memlimit

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	cgroup "github.com/KimMachineGun/automemlimit/memlimit"
)

// share is the part of the limit for the Go runtime. The rest is for memory that the
// runtime does not count, mostly the program file itself.
const share = 0.9

// Set sets GOMEMLIMIT from the memory limit of the process' cgroup, v1 or v2: near
// the limit the garbage collector works harder, so that the kernel does not kill the
// process. GOMEMLIMIT in the environment has priority. The limit is logged.
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
