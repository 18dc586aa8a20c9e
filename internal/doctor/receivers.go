package doctor

import (
	"context"
	"errors"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/config"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/daemon"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/history"
)

// checkReceivers sends a request without samples to each receiver of remote write.
func checkReceivers(ctx context.Context, cfg *config.Config, o Options) []finding {
	e := exam{check: "remote_write"}
	receivers, err := daemon.Receivers(cfg, nil, o.UserAgent)
	if err != nil {
		e.add(fail, "", err.Error(), "")
	}
	for _, r := range receivers {
		if e.cannotAsk(ctx) {
			break
		}
		err := r.Probe(ctx)
		if f, failed := errors.AsType[*history.Failure](err); failed {
			e.add(fail, r.Name, r.Name+": "+f.Error(), f.Remedy())
		} else if err == nil {
			e.add(ok, r.Name, r.Name+": accepts a request without samples; whether it takes samples as old as a gap depends on its out-of-order window", "")
		}
	}
	return e.findings
}
