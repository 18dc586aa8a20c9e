package poll

import (
	"context"
	"errors"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// errNotAttached is why a port has no metrics, and what to do.
var errNotAttached = errors.New("not attached to any visible stream with metrics enabled, and v4-metrics returned no data: " +
	"create a stream in Equinix Fabric, attach the port to it and enable metrics on the attachment")

// errConnectionNotAttached is the same of a connection.
var errConnectionNotAttached = errors.New("not attached to any visible stream with metrics enabled, and v4-metrics returned no data: " +
	"create a stream in Equinix Fabric, attach the connection to it and enable metrics on the attachment")

// streamed are the kinds of traffic that come from the v4 metrics.
func (a *account) streamed() (kinds []*traffic) {
	for _, t := range a.kinds {
		if source, _ := t.current(); source == SourceV4Metrics {
			kinds = append(kinds, t)
		}
	}
	return kinds
}

// pollStreams finds out which ports and connections can have data in the v4 metrics at
// all: without data, one that is not attached looks like one whose data are late. One
// that has data is attached, whatever the listing says. While another source is in use
// there is nothing to find out.
func (a *account) pollStreams(ctx context.Context) {
	var enabled map[string]bool
	pages := 0
	if len(a.streamed()) > 0 {
		enabled = map[string]bool{}
		assets := 0
		var err error
		for asset, e := range a.API.StreamAssets(ctx) {
			if err = e; err != nil {
				break
			}
			assets++
			// An asset may be in several streams; one that delivers is enough.
			enabled[asset.UUID] = enabled[asset.UUID] || asset.MetricsEnabled && asset.AttachmentStatus == "ATTACHED"
		}
		if ctx.Err() != nil {
			return // shutting down: no outcome
		}
		a.log.record("attachments", "", err)
		if err != nil {
			return // keep what was known
		}
		pages = Pages(assets)
	}
	a.mu.Lock()
	a.enabled = enabled
	changed := a.assetPages != pages
	a.assetPages = pages
	a.mu.Unlock()
	if changed {
		a.replan()
	}
	a.store.Update(a.markAttached)
	snap := a.store.Load()
	for _, t := range a.streamed() {
		class, err := "attachment", errNotAttached
		if t.kind == connectionKind {
			class, err = classConnectionAttachment, errConnectionNotAttached
		}
		for _, uuid := range t.kind.all(snap, a.Name) {
			of, _ := t.kind.find(snap, a.Name, uuid)
			if of.Attached != nil && !*of.Attached && of.Polls[0].Tried() && !of.Traffic[0].Delivered(a.cfg.Windows[0]) {
				a.log.record(class, uuid, err)
			}
		}
	}
}

// markAttached writes to every port and connection whether it is attached, by the latest
// listing of streams: nil if v4-metrics is not its source, or no listing is known.
func (a *account) markAttached(e *fleet.Edit) {
	a.mu.Lock()
	enabled := a.enabled
	a.mu.Unlock()
	for _, t := range a.kinds {
		source, _ := t.current()
		metrics := source == SourceV4Metrics
		if metrics && enabled == nil {
			continue // keep what was known
		}
		for _, uuid := range t.kind.all(e.Snapshot(), a.Name) {
			of, _ := t.kind.find(e.Snapshot(), a.Name, uuid)
			var is *bool
			if metrics {
				is = new(enabled[uuid])
			}
			if was := of.Attached; was == is || was != nil && is != nil && *was == *is {
				continue
			}
			if m := t.kind.edit(e, a.Name, of); m != nil {
				m.Attached = is
			}
		}
	}
}
