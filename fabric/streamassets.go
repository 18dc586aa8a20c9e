package fabric

import (
	"context"
	"iter"
	"net/url"
	"path"
)

// StreamAsset is a port, a connection or something else that is attached to a
// stream. Without one that is attached, with metrics enabled, it has no metrics.
type StreamAsset struct {
	UUID             string // of the asset itself, lower case
	Type             string // e.g. XF_PORT
	MetricsEnabled   bool   // false where the API does not say, which is its default
	AttachmentStatus string // ATTACHED, or ATTACHING, DETACHED, DETACHING, FAILED
}

// streamAssetV4 is an attached asset as the v4 API sends it.
type streamAssetV4 struct {
	UUID             label `json:"uuid"`
	Href             label `json:"href"` // …/streams/{stream}/{ports}/{uuid}
	Type             label `json:"type"`
	MetricsEnabled   flag  `json:"metricsEnabled"`
	AttachmentStatus label `json:"attachmentStatus"`
}

func (a *streamAssetV4) asset() StreamAsset {
	id := uuid(a.UUID)
	if id == "" {
		id = uuid(lastSegment(string(a.Href)))
	}
	return StreamAsset{
		UUID: id, Type: string(a.Type),
		MetricsEnabled:   a.MetricsEnabled.value,
		AttachmentStatus: string(a.AttachmentStatus),
	}
}

// lastSegment is what the path of an address ends in, "" where it has none.
func lastSegment(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Path == "" || u.Path == "/" {
		return ""
	}
	return path.Base(u.Path)
}

// StreamAssets lists what is attached to the streams that the credential may
// see; an asset in several streams appears once for each. It yields the whole
// list or an error alone.
func (c *Client) StreamAssets(ctx context.Context) iter.Seq2[StreamAsset, error] {
	key := func(a StreamAsset) string { return a.UUID }
	all := listing[StreamAsset]{op: OpSearchStreamAssets, key: key, repeats: true, fetch: func(offset int) (p page[StreamAsset], err error) {
		s := search{
			Sort:       []sorting{{Property: "/uuid", Direction: "ASC"}},
			Pagination: pagination{Offset: offset, Limit: pageSize},
		}
		err = c.post(ctx, OpSearchStreamAssets, "/fabric/v4/streamAssets/search", s, func(b []byte) (err error) {
			p, err = decodePage(c, OpSearchStreamAssets, offset, b, (*streamAssetV4).asset, key)
			return err
		})
		return p, err
	}}
	return func(yield func(StreamAsset, error) bool) {
		assets, err := all.read()
		if err != nil {
			yield(StreamAsset{}, err)
			return
		}
		for _, a := range assets {
			if !yield(a, nil) {
				return
			}
		}
	}
}
