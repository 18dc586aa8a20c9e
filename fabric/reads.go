package fabric

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// read is a request that changes nothing at Equinix: a GET, or a POST that
// searches or logs in.
type read struct {
	method string
	path   string // relative to the base, * for a UUID
}

// reads is all that is ever sent, by operation. Nothing else leaves the wire,
// whoever asks for it: the exporter has no business to change anything.
var reads = map[string]read{
	OpToken:              {http.MethodPost, "/oauth2/v1/token"},
	OpUserPortsV3:        {http.MethodGet, "/ecx/v3/port/userport"},
	OpPortStatsV3:        {http.MethodGet, "/ecx/v3/stats/port/*"},
	OpPorts:              {http.MethodGet, "/fabric/v4/ports"},
	OpPort:               {http.MethodGet, "/fabric/v4/ports/*"},
	OpSearchPorts:        {http.MethodPost, "/fabric/v4/ports/search"},
	OpPortStatsV4:        {http.MethodGet, "/fabric/v4/ports/*/stats"},
	OpSearchConnections:  {http.MethodPost, "/fabric/v4/connections/search"},
	OpSearchMetrics:      {http.MethodPost, "/fabric/v4/metrics/search"},
	OpSearchStreamAssets: {http.MethodPost, "/fabric/v4/streamAssets/search"},
	OpConnectionStatsV4:  {http.MethodGet, "/fabric/v4/connections/*/stats"},
}

// mustRead returns an [errNoRead] for a request that is not among the reads. The
// token service of an exchange is an address of its own, with nothing behind it.
func mustRead(r request) error {
	allowed, ok := reads[r.op]
	where, _, _ := strings.Cut(r.path, "?")
	if r.op == OpToken && where == "" {
		where = allowed.path
	}
	if ok && r.method == allowed.method && allowed.covers(where) {
		return nil
	}
	return fmt.Errorf("%s: %s %s %w", r.op, r.method, where, errNoRead)
}

// errNoRead is a fault of the client: what it asks for is never sent.
var errNoRead = errors.New("is not among the reads, and is not sent")

// covers reports whether an escaped path is that of r, segment by segment. What
// stands for a UUID is one, so that nothing in it could lead elsewhere once a
// server, or a proxy before it, has decoded the path: no dots, slashes or escapes.
func (r read) covers(where string) bool {
	pattern, segments := strings.Split(r.path, "/"), strings.Split(where, "/")
	if len(pattern) != len(segments) {
		return false
	}
	for i, want := range pattern {
		if want == "*" && canonicalUUID.MatchString(segments[i]) {
			continue
		}
		if want != segments[i] {
			return false
		}
	}
	return true
}
