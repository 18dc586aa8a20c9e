package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/human"
)

const (
	correctUUID = "correct the uuid in the configuration"
	correctPort = "check the uuid; if it is right, the port is another account's, or the user of the app lacks the right to view it"
)

// lookForListed finds the configured ports that the listing lacks, and asks for
// the first of them by itself: the API may say that there is no such port.
func (e *exam) lookForListed(ctx context.Context) {
	if len(e.account.Ports) == 0 {
		return
	}
	if e.listed == nil {
		e.add(skip, checkVisibility, "", "the ports were not listed", "")
		return
	}
	trouble := map[string][]port{}
	lacking := 0
	for _, p := range e.watched {
		if p.listed {
			continue
		}
		lacking++
		why := correctPort
		if lacking <= maxLines && !e.listedByV3 {
			why = e.whyUnseen(ctx, p.uuid)
		}
		trouble[why] = append(trouble[why], p)
	}
	if lacking == 0 {
		e.add(ok, checkVisibility, "", fmt.Sprintf("all of the %s listed in the configuration are seen", human.Plural(len(e.account.Ports), "port")), "")
	}
	for _, t := range []struct{ remedy, text string }{
		{correctUUID, "the API says that there is no such port"},
		{correctPort, "not among the ports that the credentials see"},
	} {
		e.each(fail, checkVisibility, "port", named(trouble[t.remedy]), t.text, t.remedy)
	}
}

// whyUnseen is the remedy for a port that was not listed. A refusal does not tell: the
// API forbids what does not exist, too. Of ports the gateway knows nothing.
func (e *exam) whyUnseen(ctx context.Context, uuid string) string {
	_, err := e.client.Port(ctx, uuid)
	refused, is := errors.AsType[*fabric.Error](err)
	if is && !refused.Fault && fabric.Reason(err) == fabric.ReasonNotFound {
		return correctUUID
	}
	return correctPort
}

// named are ports that go by their uuid, and by their name too where they have
// one: the uuid is what is to be corrected.
func named(ports []port) []port {
	all := make([]port, len(ports))
	for i, p := range ports {
		all[i] = p
		if p.name != "" {
			all[i].name = p.uuid + " (" + p.name + ")"
		}
	}
	return all
}
