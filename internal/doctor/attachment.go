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
	attach = "attach the %[1]s to a stream (POST /fabric/v4/streams makes one) with its metrics enabled: in the Fabric portal, or by " +
		`PUT /fabric/v4/streams/{stream}/%[1]ss/{uuid} with {"metricsEnabled": true}; ` +
		"a project has 5 streams of 50 assets at most, and to make one takes the role Fabric Stream Subscription Manager"
	enable = "enable metrics on the attachment, which are off by default: in the Fabric portal, or by " +
		`PUT /fabric/v4/streams/{stream}/%ss/{uuid} with {"metricsEnabled": true}`
	attaching  = "wait until the attachment is ATTACHED; if it does not get there, detach the %s from the stream and attach it again"
	seeStreams = "let the administrator of the organisation give the user of the app the right to view streams"
)

// attachment is how a port or a connection is attached to its streams, from the
// worst to the best.
type attachment int

const (
	detached attachment = iota
	muted               // attached, metrics disabled
	pending             // metrics enabled, not attached yet, or no more
	delivering
	unlisted // has data, though none of its attachments should deliver any
)

// lookAtAttachment finds the ports without data because no stream delivers
// them, where the metrics API is the source: their answers are as empty as
// those of ports whose data are late.
func (e *exam) lookAtAttachment(ctx context.Context) {
	e.attached = e.tellAttachments(ctx, checkAttachment, "port", e.sources, e.source, e.reachable(), e.readings)
}

// tellAttachments says how ports, or connections, are attached, where source is or
// could have been the metrics API. readings are what source said of some of them: what
// has data is in some stream, perhaps of another project, that the credentials cannot
// see. It returns which of them a stream delivers, nil where that is not known.
func (e *exam) tellAttachments(ctx context.Context, check, noun string, sources []string, source string, assets []port, readings []reading) (delivered map[string]bool) {
	switch {
	case !slices.Contains(sources, poll.SourceV4Metrics), source != "" && source != poll.SourceV4Metrics:
		return nil
	case e.stopped(ctx, check):
		return nil
	case source == "":
		e.add(skip, check, "", "no traffic source was found", "")
		return nil
	}
	best, err := e.attachments(ctx)
	if err != nil {
		if fabric.Reason(err) == fabric.ReasonForbidden {
			e.add(fail, check, "", err.Error(), seeStreams)
			return nil
		}
		e.fault(ctx, check, "", "", err)
		return nil
	}
	or := ""
	if noun == "connection" { // few fit into the streams of a project
		or = "; or leave it out by connections.exclude"
	}
	delivered = map[string]bool{}
	for _, r := range readings {
		delivered[r.port.uuid] = !r.newest().IsZero()
	}
	sorted := map[attachment][]port{}
	for _, a := range assets {
		how := best[a.uuid]
		if how != delivering && delivered[a.uuid] {
			how = unlisted
		}
		delivered[a.uuid] = how >= delivering
		sorted[how] = append(sorted[how], a)
	}
	if n := len(sorted[delivering]); n > 0 {
		e.add(ok, check, "", fmt.Sprintf("%s attached to a stream with metrics enabled", human.Plural(n, noun)), "")
	}
	if n := len(sorted[unlisted]); n > 0 {
		e.add(ok, check, "", fmt.Sprintf("%s with data, from no stream that the credentials see", human.Plural(n, noun)), "")
	}
	e.each(warn, check, noun, sorted[pending], "metrics enabled, and the attachment is under way or broken", fmt.Sprintf(attaching, noun))
	e.each(fail, check, noun, sorted[muted], "metrics are disabled on the stream attachment: no data from v4-metrics", fmt.Sprintf(enable, noun)+or)
	e.each(fail, check, noun, sorted[detached], "not attached to any stream visible to these credentials: no data from v4-metrics", fmt.Sprintf(attach, noun)+or)
	return delivered
}

// attachments is the best attachment of every asset that has one. It is asked for
// once.
func (e *exam) attachments(ctx context.Context) (map[string]attachment, error) {
	if e.streams != nil {
		return e.streams, nil
	}
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
	e.assetPages, e.streams = poll.AssetPages(assets), best
	return best, nil
}
