package fabric

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
)

const portsPath = "/fabric/v4/ports"

// Ports lists the ports that the credential may see. It yields the whole list or
// an error alone, never a part. A port that the API lists twice comes twice.
func (c *Client) Ports(ctx context.Context) iter.Seq2[Port, error] {
	return func(yield func(Port, error) bool) {
		ports, err := c.portListing(ctx).read()
		if err != nil {
			yield(Port{}, err)
			return
		}
		for _, p := range ports {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (c *Client) portListing(ctx context.Context) listing[Port] {
	whole := false // the API refuses to page, and was asked for everything
	return listing[Port]{op: OpPorts, key: portUUID, fetch: func(offset int) (p page[Port], err error) {
		if whole && offset > 0 {
			return p, &DecodeError{Op: OpPorts, Path: "pagination", Err: errNoPages}
		}
		// Neither parameter is documented here; a server that ignores them
		// sends everything at once.
		p, err = c.portsPage(ctx, offset, fmt.Sprintf("%s?offset=%d&limit=%d", portsPath, offset, pageSize))
		if offset == 0 && refusesPaging(err) {
			whole = true
			p, err = c.portsPage(ctx, offset, portsPath)
		}
		return p, err
	}}
}

func (c *Client) portsPage(ctx context.Context, offset int, path string) (p page[Port], err error) {
	err = c.call(ctx, request{op: OpPorts, method: http.MethodGet, path: path, decode: func(b []byte) (err error) {
		p, err = decodePage(c, OpPorts, offset, b, (*portV4).port, portUUID)
		return err
	}})
	return p, err
}

// refusesPaging reports whether the API may have refused the parameters of a
// page. Of somebody without ports it wants a project, also with a 400.
func refusesPaging(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Op == OpPorts && e.Status == http.StatusBadRequest && !e.Fault && !e.Quota && e.Code != "EQ-3046110"
}

// Port asks for one port. Only this call says the operational status of the
// port itself.
func (c *Client) Port(ctx context.Context, uuid string) (Port, error) {
	path, err := assetPath(OpPort, "/fabric/v4/ports/", uuid)
	if err != nil {
		return Port{}, err
	}
	var p Port
	err = c.call(ctx, request{op: OpPort, method: http.MethodGet, path: path, decode: func(b []byte) error {
		var body portV4
		if err := decodeEntity(OpPort, "", b, &body); err != nil {
			return err
		}
		if p = body.port(); p.UUID == "" {
			return &DecodeError{Op: OpPort, Path: "uuid", Err: errNoneSuch}
		}
		return nil
	}})
	if err != nil {
		return Port{}, err
	}
	return p, nil
}

func portUUID(p Port) string { return p.UUID }

var (
	errNoUUID  = errors.New("not a uuid")
	errNoPages = errors.New("listing goes on, but offset and limit are refused")
)

// assetPath is the path of a port or a connection in a collection of them,
// which ends in a slash.
func assetPath(op, collection, asset string) (string, error) {
	if asset = uuid(asset); asset == "" {
		return "", fmt.Errorf("%s: %w", op, errNoUUID)
	}
	return collection + url.PathEscape(asset), nil
}
