package fabrictest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// rewrite applies change to a JSON body. It sets altered if the body is different
// afterwards.
func rewrite(body []byte, change func(any) any, altered *atomic.Bool) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // numbers keep their spelling
	var v any
	if err := d.Decode(&v); err != nil {
		panic("fabrictest: rewrite an answer: " + err.Error())
	}
	var before []byte
	if !altered.Load() {
		before = appendJSON(nil, v) // re-encoded for the comparison, with sorted members
	}
	changed := appendJSON(nil, change(v))
	if before != nil && !bytes.Equal(before, changed) {
		altered.Store(true)
	}
	return changed
}

// leaves replaces every value in v that is not an object or array.
func leaves(v any, with func(any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = leaves(member, with)
		}
		return v
	case []any:
		for i, element := range v {
			v[i] = leaves(element, with)
		}
		return v
	default:
		return with(v)
	}
}

// nulls replaces every value by null.
func nulls(v any) any { return leaves(v, func(any) any { return nil }) }

// wrongTypes replaces numbers by objects, strings by arrays and all else by numbers.
func wrongTypes(v any) any {
	return leaves(v, func(leaf any) any {
		switch leaf.(type) {
		case json.Number:
			return map[string]any{}
		case string:
			return []any{}
		default:
			return 7
		}
	})
}

// objects calls each for every object in v.
func objects(v any, each func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			objects(member, each)
		}
		each(v)
	case []any:
		for _, element := range v {
			objects(element, each)
		}
	}
}

// lineRates are the members with the line rate, or a part of it.
var lineRates = []string{
	"capacity", "bandwidth", "availableBandwidth", "usedBandwidth", "totalBandwidth", "physicalPortsSpeed", "interfaceSpeed",
}

// capacities replaces every line rate, but not the bandwidths of connections.
func capacities(with any) func(any) any {
	return func(v any) any {
		objects(v, func(o map[string]any) {
			if _, connection := o["aSide"]; connection {
				return
			}
			for _, key := range lineRates {
				if _, number := o[key].(json.Number); number {
					o[key] = with
				}
			}
		})
		return v
	}
}

// points applies change to the intervals of every direction in an answer, oldest
// first. With sums it computes the summaries from the changed intervals.
func points(sums bool, change func(s shape, points []any) []any) func(any) any {
	return func(v any) any {
		objects(v, func(o map[string]any) {
			for _, s := range shapes {
				list, ok := o[s.points].([]any)
				if !ok {
					continue
				}
				o[s.points] = change(s, list)
				if sums {
					s.sum(o)
				}
			}
		})
		return v
	}
}

// sum computes the summaries from the points of o; without points they are null.
func (s shape) sum(o map[string]any) {
	var high, mean, last any
	list, _ := o[s.points].([]any)
	if len(list) > 0 {
		top, total := math.Inf(-1), 0.0
		for _, p := range list {
			top, total = max(top, figure(p, s.high)), total+figure(p, s.mean)
		}
		high, mean = number(top), number(total/float64(len(list)))
		newest, _ := list[len(list)-1].(map[string]any)
		last = newest[s.mean]
	}
	_, text := o["summary"].(string) // stays
	switch {
	case s.last != "":
		o[s.sumHigh], o[s.sumMean], o[s.last] = high, mean, last
	case len(list) == 0:
		o["summary"] = nil
	case !text:
		o["summary"] = map[string]any{s.sumHigh: high, s.sumMean: mean}
	}
}

// figure is a member of a point as a number: infinite if it is too large, NaN if it
// is not a number.
func figure(point any, key string) float64 {
	p, _ := point.(map[string]any)
	f, err := strconv.ParseFloat(fmt.Sprint(p[key]), 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return math.NaN()
	}
	return f
}

// number is f as JSON; null if JSON has no such number.
func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// every: a fault of values hits one of so many points, including the newest.
const every = 10

// everyTenth applies with to the values of every tenth point.
func everyTenth(with func(v any) any) func(any) any {
	return points(true, func(s shape, list []any) []any {
		for i := len(list) - 1; i >= 0; i -= every {
			p, _ := list[i].(map[string]any)
			p[s.mean] = with(p[s.mean])
			if s.high != s.mean {
				p[s.high] = with(p[s.high])
			}
		}
		return list
	})
}

// times returns a function that multiplies a number.
func times(factor float64) func(any) any {
	return func(v any) any {
		n, _ := v.(json.Number)
		f, err := n.Float64()
		if err != nil {
			return v
		}
		return number(f * factor)
	}
}

// ahead adds points of ten times the newest rate, for intervals that begin within d
// from now.
func ahead(now time.Time, d time.Duration) func(any) any {
	return points(true, func(s shape, list []any) []any {
		if len(list) < 2 {
			return list
		}
		newest, interval := list[len(list)-1], s.stamp(list[len(list)-1]).Sub(s.stamp(list[len(list)-2]))
		for begin := d / every; begin <= d; begin += d / every {
			list = append(list, map[string]any{
				s.time: now.Add(begin + interval).UTC().Format(apiTime),
				s.mean: number(every * figure(newest, s.mean)), s.high: number(every * figure(newest, s.high)),
			})
		}
		return list
	})
}

// stamp is the time of a point.
func (s shape) stamp(point any) time.Time {
	p, _ := point.(map[string]any)
	text, _ := p[s.time].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic("fabrictest: time of an interval: " + err.Error())
	}
	return at
}

// unsorted shuffles points.
var unsorted = points(false, func(_ shape, list []any) []any {
	rng := rand.New(rand.NewPCG(uint64(len(list)), 1)) //nolint:gosec // disorder is no secret
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
})

// duplicated repeats every tenth point at the end.
var duplicated = points(false, func(_ shape, list []any) []any {
	for i := len(list) - 1; i >= 0; i -= every {
		list = append(list, list[i])
	}
	return list
})

// withoutPoints removes all points.
var withoutPoints = points(true, func(shape, []any) []any { return []any{} })

// gaps removes every tenth point, and a quarter of all points in a row.
var gaps = points(true, func(_ shape, list []any) []any {
	kept := []any{}
	for i, p := range list {
		if age := len(list) - 1 - i; age%every != every/2 && (i < len(list)/4 || i >= len(list)/2) {
			kept = append(kept, p)
		}
	}
	return kept
})
