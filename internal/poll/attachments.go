package poll

import (
	"context"
	"errors"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// errNotAttached is why a port has no metrics, and what to do.
var errNotAttached = errors.New("not attached to any visible stream with metrics enabled, and v4-metrics returned no data: " +
	"create a stream in Equinix Fabric, attach the port to it and enable metrics on the attachment")

// errConnectionNotAttached is the same of a connection.
var errConnectionNotAttached = errors.New("not attached to any visible stream with metrics enabled, and v4-metrics returned no data: " +
	"create a stream in Equinix Fabric, attach the connection to it and enable metrics on the attachment")

// pollAttachments finds out which ports and connections can have data in the v4
// metrics API at all: without data, one that is not attached looks like one whose
// data are late. One that has data is attached, whatever the listing says. While
// another source is in use there is nothing to find out.
func (a *account) pollAttachments(ctx context.Context) {
	nobodyAsks := func(string) *bool { return nil }
	ofPorts, ofConnections := nobodyAsks, nobodyAsks
	ports := a.portTraffic.sources.name() == SourceV4Metrics
	connections := a.connectionTraffic != nil && a.connectionTraffic.sources.name() == SourceV4Metrics
	pages := 0
	if ports || connections {
		enabled, assets, err := a.attached(ctx)
		if ctx.Err() != nil {
			return // shutting down: no outcome
		}
		a.journal.note("attachments", "", err)
		if err != nil {
			return // keep what was known
		}
		pages = AssetPages(assets)
		is := func(uuid string) *bool { return new(enabled[uuid]) }
		if ports {
			ofPorts = is
		}
		if connections {
			ofConnections = is
		}
	}
	a.setAssetPages(pages)
	var detachedPorts, detachedConnections []string
	a.rec.update(func(d *draft) {
		detachedPorts = a.setAttached(d, ofPorts)
		detachedConnections = a.setConnectionsAttached(d, ofConnections)
	})
	for _, uuid := range detachedPorts {
		a.journal.note("attachment", uuid, errNotAttached)
	}
	for _, uuid := range detachedConnections {
		a.journal.note(classConnectionAttachment, uuid, errConnectionNotAttached)
	}
}

// setAssetPages makes a plan with the calls that listings of assets take.
func (a *account) setAssetPages(pages int) {
	a.mu.Lock()
	same := a.assetPages == pages
	a.assetPages = pages
	a.mu.Unlock()
	if !same {
		a.replan(notLooked)
	}
}

// attached are the assets that a stream delivers metrics of, and how many were
// listed.
func (a *account) attached(ctx context.Context) (enabled map[string]bool, assets int, err error) {
	enabled = map[string]bool{}
	for asset, err := range a.API.StreamAssets(ctx) {
		if err != nil {
			return nil, 0, err
		}
		assets++
		// An asset may be in several streams; one that delivers is enough.
		enabled[asset.UUID] = enabled[asset.UUID] || delivers(asset)
	}
	return enabled, assets, nil
}

func delivers(asset fabric.StreamAsset) bool {
	return asset.MetricsEnabled && asset.AttachmentStatus == "ATTACHED"
}

// setAttached updates every port of the account and returns the detached ones.
func (a *account) setAttached(d *draft, attached func(uuid string) *bool) (detached []string) {
	for _, own := range ownedBy(a.Name, d.snap) {
		is := attached(own.UUID)
		if a.detached(is, own.Polls, own.Traffic) {
			detached = append(detached, own.UUID)
		}
		if same(own.Attached, is) {
			continue
		}
		d.port(a.Name, own.UUID).Attached = is
	}
	return detached
}

// setConnectionsAttached is setAttached for the connections whose traffic the
// account asks for.
func (a *account) setConnectionsAttached(d *draft, attached func(uuid string) *bool) (detached []string) {
	for _, own := range measuredBy(a.Name, d.snap) {
		is := attached(own.UUID)
		if a.detached(is, own.Polls, own.Traffic) {
			detached = append(detached, own.UUID)
		}
		if !same(own.Attached, is) {
			d.connection(a.Name, own.UUID).Attached = is
		}
	}
	return detached
}

// detached reports whether a port or connection is not attached according to the
// listing and v4-metrics, once asked, has returned no current data for it.
func (a *account) detached(attached *bool, polls []fleet.Poll, traffic []*fleet.Traffic) bool {
	return attached != nil && !*attached && polls[0].Tried() && !traffic[0].Delivered(a.cfg.Windows[0])
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
