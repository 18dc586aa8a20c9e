package doctor

import (
	"context"
	"time"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/poll"
)

// trafficOf is a connection that was found on one of the account's own ports, as a
// subject.
func (e *exam) trafficOf(c fabric.Connection, own map[string]bool) subject {
	of := poll.NewConnection(c)
	side, _, _ := of.SeenFrom(own)
	return subject{
		port{uuid: c.UUID, name: c.Name, state: c.State, listed: true},
		func(ctx context.Context, source string, from, to time.Time) (*fabric.Traffic, error) {
			t, err := poll.AskConnection(ctx, e.client, source, c.UUID, side, from, to)
			if err != nil {
				return nil, err
			}
			return &t.Traffic, nil
		},
	}
}

// lookAtConnectionTraffic finds the source of single connections, where they are
// opted in, and those that no stream delivers. It is not the source of the ports:
// either may be gone without the other.
func (e *exam) lookAtConnectionTraffic(ctx context.Context) {
	if !e.account.Connections.Traffic {
		return
	}
	sources := poll.ConnectionSources(e.sources)
	source, readings := e.search(ctx, search{
		check: checkConnectionTraffic, noun: "connection", sources: sources, subjects: e.measured, attachment: checkConnectionAttachment,
		idle: "see whether the connections are up and carry traffic in the Fabric portal; a new one has its first samples after half an hour",
		lost: "check the rights of the credentials to the connections, and api_url; without a source, set connections.traffic: false",
	})
	if len(e.measured) == 0 {
		return // which is said
	}
	var assets []port
	for _, s := range e.measured {
		assets = append(assets, s.port)
	}
	e.tellAttachments(ctx, checkConnectionAttachment, "connection", sources, source, assets, readings)
}
