package fabric

import (
	"fmt"
	"net/url"
	"time"
)

// stampLayout is how the API wants times in queries: UTC, to the second.
const stampLayout = "2006-01-02T15:04:05Z"

// window is the query for what lies between two times.
func window(start string, from time.Time, end string, to time.Time) url.Values {
	return url.Values{
		start: {from.UTC().Format(stampLayout)},
		end:   {to.UTC().Format(stampLayout)},
	}
}

// sample is one interval of either API. Windows have hundreds of them, so it is
// small and nothing in it is allocated.
type sample struct {
	Time         stamp  `json:"time"`                 // v3
	EndDateTime  stamp  `json:"intervalEndDateTime"`  // v4 as it answers
	EndTimestamp stamp  `json:"intervalEndTimestamp"` // v4 as its schema says
	Max          number `json:"max"`
	Mean         number `json:"mean"`
}

// end is the time of the sample, with the name of its field.
func (s *sample) end() (string, stamp) {
	switch {
	case s.EndDateTime != stamp{}:
		return "intervalEndDateTime", s.EndDateTime
	case s.EndTimestamp != stamp{}:
		return "intervalEndTimestamp", s.EndTimestamp
	default:
		return "time", s.Time
	}
}

// summary is what the API says of one direction over the window.
type summary struct{ max, mean, last number }

// series converts one direction. at is the path of the samples; an error has
// the index of the sample in it.
func series(op, at string, s summary, samples []sample, unit float64) (Rates, error) {
	out := Rates{Max: s.max.times(unit), Mean: s.mean.times(unit), Last: s.last.times(unit)}
	if out.Max == nil {
		out.Max = highest(samples, unit)
	}
	if len(samples) > 0 {
		out.Points = make([]Point, 0, len(samples))
	}
	for i := range samples {
		mean, ok := samples[i].Mean.in(unit)
		if samples[i].Mean.odd(unit) || samples[i].Max.odd(unit) {
			out.Implausible++
		}
		if !ok {
			continue
		}
		high, ok := samples[i].Max.in(unit)
		if !ok {
			high = mean
		}
		field, end := samples[i].end()
		if err := end.check(); err != nil {
			return Rates{}, &DecodeError{Op: op, Path: fmt.Sprintf("%s[%d].%s", at, i, field), Err: err}
		}
		out.Points = append(out.Points, Point{Time: end.time(), Mean: mean, Max: high})
	}
	return out, nil
}

// highest is the greatest maximum of the samples, nil where they have none.
func highest(samples []sample, unit float64) *float64 {
	var top number
	for i := range samples {
		if v, ok := samples[i].Max.in(unit); ok && (!top.set || v > top.value) {
			top = number{value: v, set: true}
		}
	}
	return top.times(bit)
}

func (s stamp) check() error {
	switch {
	case s.bad != "":
		return fmt.Errorf("%s is no RFC 3339 time", s.bad)
	case s.nanos == 0:
		return errMissing
	}
	return nil
}

func (s stamp) time() time.Time { return time.Unix(0, s.nanos).UTC() }
