package fabrictest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// shape is how an answer spells the intervals of one direction, and what it
// sums up of them. The sums are members of the same object, or of its summary.
type shape struct{ points, time, mean, high, sumHigh, sumMean, last string }

var shapes = []shape{
	{"inboundStats", "time", "mean", "max", "inboundMax", "inboundAvg", "inboundLastPolled"},
	{"outboundStats", "time", "mean", "max", "outboundMax", "outboundAvg", "outboundLastPolled"},
	{"metrics", "intervalEndDateTime", "mean", "max", "max", "mean", "lastPolled"},
	{"datapoints", "endDateTime", "value", "value", "max", "mean", ""},
}

// points applies change to the intervals of every direction in an answer, oldest
// first, and with sums makes the summaries say what has become of them, as an
// API would that has nothing better.
func points(sums bool, change func(s shape, points []any) []any) func(any) any {
	return func(v any) any {
		objects(v, func(o map[string]any) {
			for _, s := range shapes {
				list, ok := o[s.points].([]any)
				if !ok {
					continue
				}
				list = change(s, list)
				o[s.points] = list
				if sums && len(list) > 0 {
					s.sum(o, list)
				}
			}
		})
		return v
	}
}

func (s shape) sum(o map[string]any, list []any) {
	in := o
	if s.last == "" {
		in, _ = o["summary"].(map[string]any)
	}
	if in == nil {
		return
	}
	high, total := math.Inf(-1), 0.0
	for _, p := range list {
		high = max(high, figure(p, s.high))
		total += figure(p, s.mean)
	}
	in[s.sumHigh], in[s.sumMean] = number(high), number(total/float64(len(list)))
	if s.last != "" {
		p, _ := list[len(list)-1].(map[string]any)
		in[s.last] = p[s.mean]
	}
}

// figure is a member of a point as a number.
func figure(point any, key string) float64 {
	p, _ := point.(map[string]any)
	switch v := p[key].(type) {
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64) // too large is infinite
		return f
	case float64:
		return v
	case string:
		f, _ := strconv.ParseFloat(v, 64)
		return f
	}
	return math.NaN()
}

// number is f as JSON, null where JSON has no such number.
func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// every is how many points there are to one that a fault of values hits; the
// newest is one of them.
const every = 10

// everyTenth replaces the figures of every tenth point by what with makes of them.
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

// times multiplies a number.
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

// ahead adds points of ten times the newest rate, of intervals that begin within
// d from now.
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

// unsorted puts points into disorder.
var unsorted = points(false, func(_ shape, list []any) []any {
	rng := rand.New(rand.NewPCG(uint64(len(list)), 1)) //nolint:gosec // disorder is no secret
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
})

// duplicated has every tenth point twice, the second time at the end.
var duplicated = points(false, func(_ shape, list []any) []any {
	for i := len(list) - 1; i >= 0; i -= every {
		list = append(list, list[i])
	}
	return list
})

// gaps leaves out every tenth point and a quarter of all in a row.
var gaps = points(true, func(_ shape, list []any) []any {
	var kept []any
	for i, p := range list {
		if age := len(list) - 1 - i; age%every != every/2 && (i < len(list)/4 || i >= len(list)/2) {
			kept = append(kept, p)
		}
	}
	return kept
})
