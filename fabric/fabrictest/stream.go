package fabrictest

import (
	"errors"
	"fmt"
	"slices"
)

// The attachment statuses of assets.
const (
	Attached     = "ATTACHED"
	Attaching    = "ATTACHING"
	Detached     = "DETACHED"
	Detaching    = "DETACHING"
	AttachFailed = "FAILED"
)

// StreamCapacity is how many assets a stream takes.
const StreamCapacity = 50

// ErrStreamFull is what [API.SetStream] says of a stream with StreamCapacity assets.
var ErrStreamFull = errors.New("the stream is full")

// Stream is the attachment of an asset to a stream; the zero Stream is none.
// Metrics flow while Status is ATTACHED and MetricsEnabled is true.
type Stream struct {
	UUID           string // of the stream, "" for no attachment
	Status         string // attachment status
	MetricsEnabled bool
}

func (s Stream) flows() bool { return s.UUID != "" && s.Status == Attached && s.MetricsEnabled }

// Attach attaches every own port and every connection, in this order and with
// metrics enabled, to streams of StreamCapacity assets each. That a project has
// five streams at most is not held against it: load tests need more.
func (f *Fleet) Attach() {
	n := 0
	next := func() Stream {
		n++
		return Stream{UUID: newUUID(0, "stream", (n-1)/StreamCapacity), Status: Attached, MetricsEnabled: true}
	}
	for i := range f.Ports {
		if p := &f.Ports[i]; !p.Foreign {
			p.Stream = next()
		}
	}
	for i := range f.Connections {
		f.Connections[i].Stream = next()
	}
}

// SetStream changes what a port or a connection is attached to; the zero Stream
// detaches it. It fails with ErrStreamFull, or because there is no such asset.
func (a *API) SetStream(uuid string, s Stream) error {
	err := fmt.Errorf("no asset %s", uuid)
	a.edit(func(f *Fleet) bool {
		p := slices.IndexFunc(f.Ports, func(p Port) bool { return p.UUID == uuid })
		c := slices.IndexFunc(f.Connections, func(c Connection) bool { return c.UUID == uuid })
		if p < 0 && c < 0 {
			return false
		}
		if s.UUID != "" && f.attached(s.UUID, uuid) >= StreamCapacity {
			err = fmt.Errorf("stream %s: %w", s.UUID, ErrStreamFull)
			return false
		}
		if p >= 0 {
			f.Ports[p].Stream = s
		} else {
			f.Connections[c].Stream = s
		}
		err = nil
		return true
	})
	return err
}

// attached counts the assets of a stream other than the given one.
func (f *Fleet) attached(stream, but string) int {
	n := 0
	for i := range f.Ports {
		if f.Ports[i].Stream.UUID == stream && f.Ports[i].UUID != but {
			n++
		}
	}
	for i := range f.Connections {
		if f.Connections[i].Stream.UUID == stream && f.Connections[i].UUID != but {
			n++
		}
	}
	return n
}

// asset is something attached to a stream.
type asset struct {
	Stream

	uuid, kind, href, project string
}

type streamAssetDoc struct {
	Href             string `json:"href"`
	UUID             string `json:"uuid"`
	Type             string `json:"type"`
	MetricsEnabled   bool   `json:"metricsEnabled"`
	AttachmentStatus string `json:"attachmentStatus"`
	StreamUUID       string `json:"streamUuid"`
	ProjectID        string `json:"projectId"`
}

func newStreamAssetDoc(s *asset) streamAssetDoc {
	return streamAssetDoc{
		Href: s.href, UUID: s.uuid, Type: s.kind, MetricsEnabled: s.MetricsEnabled, AttachmentStatus: s.Status,
		StreamUUID: s.UUID, ProjectID: s.project,
	}
}

var assetView = view[asset]{
	operators:   []string{"=", "IN"},
	defaultSort: []sortTerm{{Property: "/uuid", Direction: "DESC"}},
	properties: map[string]func(*asset) string{
		"/uuid":             func(s *asset) string { return s.uuid },
		"/streamUuid":       func(s *asset) string { return s.UUID },
		"/projectId":        func(s *asset) string { return s.project },
		"/type":             func(s *asset) string { return s.kind },
		"/attachmentStatus": func(s *asset) string { return s.Status },
		"/metricsEnabled":   func(s *asset) string { return fmt.Sprint(s.MetricsEnabled) },
	},
}

func (a *API) searchStreamAssets(c *call) reply {
	r := a.roster.Load()
	var assets []*asset
	for _, p := range r.own() {
		if p.Stream.UUID != "" {
			assets = append(assets, &asset{p.Stream, p.UUID, "XF_PORT", hrefPorts + p.UUID, p.ProjectID})
		}
	}
	for i := range r.fleet.Connections {
		if c := &r.fleet.Connections[i]; c.Stream.UUID != "" {
			assets = append(assets, &asset{c.Stream, c.UUID, c.Type, hrefConnections + c.UUID, c.ProjectID})
		}
	}
	return search(a, c, assetView, assets, newStreamAssetDoc)
}
