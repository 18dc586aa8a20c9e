package daemon

import (
	"context"
	"time"
)

// lookEvery is the time between two looks at the configuration, that of
// Prometheus' --config.auto-reload.
const lookEvery = 30 * time.Second

// AutoReload reloads whenever changed says that the configuration is another one
// than was read last, until ctx is done. The daemon logs how it went; a faulty
// configuration is not read again until it changes.
func (d *Daemon) AutoReload(ctx context.Context, changed func() bool) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if changed() {
			d.opts.Log.Info("the configuration has changed; reloading it")
			_ = d.Reload(ctx)
		}
	}
}
