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
	reattach   = "wait until the attachment is ATTACHED; if it does not get there, detach the %s from the stream and attach it again"
	seeStreams = askAdministrator + "view streams"
)

// attachment is the state of an asset in its streams, from the worst to the best.
type attachment int

const (
	detached   attachment = iota
	disabled              // attached, but its metrics are disabled
	attaching             // metrics are enabled, but it is not attached yet, or no longer
	delivering            // attached, with metrics enabled
	unseen                // has data, so it is in a stream that the credentials cannot see
)

// checkAttachment reports the assets that no stream delivers to v4-metrics, if that is or
// could be the source: its answers about them are as empty as about those whose data is
// late. An asset with data is in some stream, perhaps of a project that the credentials
// cannot see. It sets t.attached.
func (e *exam) checkAttachment(ctx context.Context, t *traffic) {
	e.check = t.attachmentCheck
	switch source := t.used.source; {
	case !slices.Contains(t.sources, poll.SourceV4Metrics), source != "" && source != poll.SourceV4Metrics:
		return
	case e.cannotAsk(ctx):
		return
	case source == "":
		e.add(skip, "", noSourceFound, "")
		return
	}
	switch err := e.listStreams(ctx); {
	case fabric.Reason(err) == fabric.ReasonForbidden:
		e.add(fail, "", err.Error(), seeStreams)
		return
	case err != nil:
		e.fault(ctx, "", "", err)
		return
	}
	hasData := map[string]bool{}
	for _, r := range t.used.readings {
		hasData[r.uuid] = !r.newest.IsZero()
	}
	t.attached = map[string]bool{}
	by := map[attachment][]asset{}
	for _, a := range t.assets {
		state := e.attachments[a.uuid]
		if state != delivering && hasData[a.uuid] {
			state = unseen
		}
		t.attached[a.uuid] = state >= delivering
		by[state] = append(by[state], a)
	}
	if n := len(by[delivering]); n > 0 {
		e.add(ok, "", human.Plural(n, t.noun)+" attached to a stream with metrics enabled", "")
	}
	if n := len(by[unseen]); n > 0 {
		e.add(ok, "", human.Plural(n, t.noun)+" with data, from no stream that the credentials see", "")
	}
	e.each(warn, t.noun, by[attaching], "metrics enabled, and the attachment is under way or broken", fmt.Sprintf(reattach, t.noun))
	e.each(fail, t.noun, by[disabled],
		"metrics are disabled on the stream attachment: no data from v4-metrics", fmt.Sprintf(enable, t.noun)+t.orElse)
	e.each(fail, t.noun, by[detached],
		"not attached to any stream visible to these credentials: no data from v4-metrics", fmt.Sprintf(attach, t.noun)+t.orElse)
}

// listStreams sets e.attachments, once.
func (e *exam) listStreams(ctx context.Context) error {
	if e.attachments != nil {
		return nil
	}
	best, assets := map[string]attachment{}, 0
	for asset, err := range e.client.StreamAssets(ctx) {
		if err != nil {
			return err
		}
		assets++
		state := detached
		switch {
		case asset.AttachmentStatus == "DETACHED":
		case !asset.MetricsEnabled:
			state = disabled
		case asset.AttachmentStatus != "ATTACHED":
			state = attaching
		default:
			state = delivering
		}
		best[asset.UUID] = max(best[asset.UUID], state)
	}
	e.attachments, e.assetPages = best, poll.Pages(assets)
	return nil
}
