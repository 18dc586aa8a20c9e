package fabric

import (
	"context"
	"iter"
	"net/url"
	"path"
)

// StreamAsset is the attachment of a port, a connection or something else to a
// stream. A port has metrics only if it is attached to a stream with metrics enabled.
type StreamAsset struct {
	UUID             string // of the asset itself, lower case
	Type             string // e.g. XF_PORT
	MetricsEnabled   bool   // false if the API does not say, which is its default
	AttachmentStatus string // ATTACHED, or ATTACHING, DETACHED, DETACHING, FAILED
}

func (a StreamAsset) id() string { return a.UUID }

// StreamAssets lists what is attached to the streams that the credential may see; an
// asset in several streams appears once for each. It yields the whole list, or only
// an error.
func (c *Client) StreamAssets(ctx context.Context) iter.Seq2[StreamAsset, error] {
	return sequence(func() ([]StreamAsset, error) {
		return list(OpSearchStreamAssets, true, func(offset int) (page[StreamAsset], error) {
			s := search{Sort: []sorting{{"/uuid", "ASC"}}, Pagination: pagination{Offset: offset, Limit: pageSize}}
			return post(ctx, c, OpSearchStreamAssets, "/fabric/v4/streamAssets/search", s, func(b []byte) (page[StreamAsset], error) {
				return decodePage(c, OpSearchStreamAssets, offset, b, (*streamAssetV4).asset)
			})
		})
	})
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
	if u, err := url.Parse(string(a.Href)); id == "" && err == nil {
		id = uuid(path.Base(u.Path))
	}
	return StreamAsset{
		UUID: id, Type: string(a.Type),
		MetricsEnabled:   a.MetricsEnabled.value,
		AttachmentStatus: string(a.AttachmentStatus),
	}
}
