package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

const (
	attach = "attach the port to a stream (POST /fabric/v4/streams makes one) with its metrics enabled: in the Fabric portal, or by " +
		`PUT /fabric/v4/streams/{stream}/ports/{uuid} with {"metricsEnabled": true}; ` +
		"a project has 5 streams of 50 assets at most, and to make one takes the role Fabric Stream Subscription Manager"
	enable = "enable metrics on the attachment, which are off by default: in the Fabric portal, or by " +
		`PUT /fabric/v4/streams/{stream}/ports/{uuid} with {"metricsEnabled": true}`
	attaching  = "wait until the attachment is ATTACHED; if it does not get there, detach the port from the stream and attach it again"
	seeStreams = "let the administrator of the organisation give the user of the app the right to view streams"
)

// attachment is how a port is attached to its streams, from the worst to the best.
type attachment int

const (
	detached attachment = iota
	muted               // attached, metrics disabled
	pending             // metrics enabled, not attached yet, or no more
	delivering
)

// lookAtAttachment finds the ports without data because no stream delivers
// them, where the metrics API is the source: their answers are as empty as
// those of ports whose data are late.
func (e *exam) lookAtAttachment(ctx context.Context) {
	switch {
	case !slices.Contains(e.sources, poll.SourceV4Metrics), e.source != "" && e.source != poll.SourceV4Metrics:
		return
	case e.stopped(ctx, checkAttachment):
		return
	case e.source == "":
		e.add(skip, checkAttachment, "", "no traffic source was found", "")
		return
	}
	best, err := e.attachments(ctx)
	if err != nil {
		if fabric.Reason(err) == fabric.ReasonForbidden {
			e.add(fail, checkAttachment, "", err.Error(), seeStreams)
			return
		}
		e.fault(ctx, checkAttachment, "", "", err)
		return
	}
	e.attached = map[string]bool{}
	sorted := map[attachment][]port{}
	for _, p := range e.reachable() {
		how := best[p.uuid]
		e.attached[p.uuid] = how == delivering
		sorted[how] = append(sorted[how], p)
	}
	if n := len(sorted[delivering]); n > 0 {
		e.add(ok, checkAttachment, "", fmt.Sprintf("%s attached to a stream with metrics enabled", human.Plural(n, "port")), "")
	}
	e.each(warn, checkAttachment, sorted[pending], "metrics enabled, and the attachment is under way or broken", attaching)
	e.each(fail, checkAttachment, sorted[muted], "attached to a stream, metrics disabled, so it has no data", enable)
	e.each(fail, checkAttachment, sorted[detached], "attached to no stream, so it has no data", attach)
}

// attachments is the best attachment of every asset that has one.
func (e *exam) attachments(ctx context.Context) (map[string]attachment, error) {
	best := map[string]attachment{}
	assets := 0
	for asset, err := range e.client.StreamAssets(ctx) {
		if err != nil {
			return nil, err
		}
		assets++
		how := detached
		switch on, status := asset.MetricsEnabled, asset.AttachmentStatus; {
		case status == "DETACHED":
		case on && status == "ATTACHED":
			how = delivering
		case on:
			how = pending
		default:
			how = muted
		}
		best[asset.UUID] = max(best[asset.UUID], how)
	}
	e.assetPages = poll.AssetPages(assets)
	return best, nil
}
