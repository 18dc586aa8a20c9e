package poll

import (
	"context"
	"errors"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// errNotAttached is why a port has no metrics, and what to do.
var errNotAttached = errors.New("the port is attached to no stream with metrics enabled, and so has no data in the v4 metrics API: " +
	"create a stream in Equinix Fabric, attach the port to it and enable metrics on the attachment")

// pollAttachments finds out which ports can have data in the v4 metrics API at
// all: without data, a port that is not attached looks like one whose data are
// late. While another source is in use there is nothing to find out.
func (a *account) pollAttachments(ctx context.Context) {
	if a.sources.name() != SourceV4Metrics {
		a.rec.update(func(d *draft) { a.setAttached(d, func(string) *bool { return nil }) })
		return
	}
	enabled := map[string]bool{}
	for asset, err := range a.API.StreamAssets(ctx) {
		if ctx.Err() != nil {
			return // shutting down: no outcome
		}
		if err != nil {
			a.journal.note("attachments", "", err)
			return // keep what was known
		}
		// An asset may be in several streams; one that delivers is enough.
		enabled[asset.UUID] = enabled[asset.UUID] || delivers(asset)
	}
	var detached []string
	a.rec.update(func(d *draft) {
		detached = a.setAttached(d, func(uuid string) *bool { return new(enabled[uuid]) })
	})
	a.journal.note("attachments", "", nil)
	for _, uuid := range detached {
		a.journal.note("attachment", uuid, errNotAttached)
	}
}

func delivers(asset fabric.StreamAsset) bool {
	return asset.MetricsEnabled && asset.AttachmentStatus == "ATTACHED"
}

// setAttached writes to every port of the account and returns those that are
// known not to be attached.
func (a *account) setAttached(d *draft, attached func(uuid string) *bool) (detached []string) {
	for _, own := range ownedBy(a.Name, d.snap) {
		is := attached(own.UUID)
		if is != nil && !*is {
			detached = append(detached, own.UUID)
		}
		if same(own.Attached, is) {
			continue
		}
		d.port(a.Name, own.UUID).Attached = is
	}
	return detached
}

func same(a, b *bool) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// ownedBy are the account's ports in a snapshot.
func ownedBy(account string, snap *fleet.Snapshot) []*fleet.Port {
	var own []*fleet.Port
	for _, p := range snap.Ports {
		if p.Account == account {
			own = append(own, p)
		}
	}
	return own
}
