package poll

import (
	"bytes"
	"encoding/json"
	"iter"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// The kinds of things that an answer may hold twice.
const (
	kindPort       = "port"
	kindLink       = "link" // a physical port of a port
	kindConnection = "connection"
	kindSample     = "sample"
)

func kinds() []string { return []string{kindPort, kindLink, kindConnection, kindSample} }

// repeated counts what an answer held more than once; uuid is what it is about.
func (a *account) repeated(kind, uuid string, n int) {
	if n == 0 {
		return
	}
	a.metrics.duplicates.WithLabelValues(a.Name, kind).Add(float64(n))
	a.log.Debug("answer holds things more than once; merged", "kind", kind, "uuid", uuid, "repetitions", n)
}

// Gather reads a listing of ports to its end, by UUID. A part of one would look like
// the whole: where it breaks off there is an error and nothing else. Of a port that
// is listed twice [either] entry counts, and its UUID is in again.
func Gather(listing iter.Seq2[fabric.Port, error]) (ports map[string]fabric.Port, again []string, err error) {
	ports = map[string]fabric.Port{}
	for p, err := range listing {
		if err != nil {
			return nil, nil, err
		}
		if other, listed := ports[p.UUID]; listed {
			again = append(again, p.UUID)
			p = either(other, p)
		}
		ports[p.UUID] = p
	}
	return ports, again, nil
}

// gather is Gather that counts what comes twice: ports, and links of one port.
func (a *account) gather(listing iter.Seq2[fabric.Port, error]) (map[string]fabric.Port, error) {
	ports, again, err := Gather(listing)
	for _, uuid := range again {
		a.repeated(kindPort, uuid, 1)
	}
	for uuid, p := range ports {
		a.repeated(kindLink, uuid, p.RepeatedLinks)
	}
	return ports, err
}

// either is one of two entries about the same thing: the same one whatever their
// order, in which the API promises nothing. Else names and rates would change from
// answer to answer.
func either[T any](a, b T) T {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX == nil && errY == nil && bytes.Compare(y, x) < 0 {
		return b
	}
	return a
}

// newConnections are the connections of one answer, each once: of one that is
// listed twice [either] entry counts.
func (a *account) newConnections(conns []fabric.Connection) []fleet.Connection {
	all := make([]fleet.Connection, 0, len(conns))
	listed := make(map[string]int, len(conns))
	for _, c := range conns {
		i, again := listed[c.UUID]
		if !again {
			listed[c.UUID] = len(all)
			all = append(all, NewConnection(c))
			continue
		}
		a.repeated(kindConnection, c.UUID, 1)
		all[i] = either(all[i], NewConnection(c))
	}
	return all
}

// repeatedSamples counts the intervals that an answer about a port or a
// connection tells more than once.
func (a *account) repeatedSamples(uuid string, t *fabric.Traffic) {
	a.repeated(kindSample, uuid, repeats(t.Inbound.Points)+repeats(t.Outbound.Points))
}

// repeats is how many points have the time of an earlier one.
func repeats(points []fabric.Point) int {
	ascending := true
	for i := 1; i < len(points) && ascending; i++ {
		ascending = points[i].Time.After(points[i-1].Time)
	}
	if ascending { // as nearly always
		return 0
	}
	times := make(map[int64]bool, len(points))
	for _, p := range points {
		times[p.Time.UnixNano()] = true
	}
	return len(points) - len(times)
}
