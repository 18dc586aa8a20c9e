package fabric

import (
	"bytes"
	"encoding/json"
	"math"
	"math/bits"
	"reflect"
	"strings"
	"sync"
	"time"
)

// read reads b into v as encoding/json does, but several times faster. ok is false, and v
// as before, if the reader declines b. A json.RawMessage in v is a part of b, not a copy.
func read[T any](b []byte, v *T) (ok bool) {
	var value T
	r := reader{b: b}
	r.value(reflect.ValueOf(&value).Elem())
	if r.peek(); r.declined || r.at < len(b) {
		return false
	}
	*v = value
	return true
}

// reader reads JSON as encoding/json does, or declines. It declines all that is not
// JSON, what the type of a field refuses, and what is rare: keys that are not plain ASCII,
// have escapes, or differ from the key of a field in case only; an array given twice; null
// for an array; deep nesting.
type reader struct {
	b        []byte
	at       int // index in b of what is read next; len(b) after declining
	depth    int // of nested objects and arrays
	declined bool

	date     string // of the latest UTC time, as JSON spells it up to the T
	midnight int64  // at which that day began, in nanoseconds since 1970
}

func (r *reader) decline() { r.at, r.declined = len(r.b), true }

// value reads a value into v.
func (r *reader) value(v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *[]sample:
		points(r, p, (*sample).read)
	case *[]datapoint:
		points(r, p, (*datapoint).read)
	case *utilization:
		if r.peek() != '{' {
			r.leaf(p)
			return
		}
		p.rates = new(ratesV4)
		r.value(reflect.ValueOf(p.rates).Elem())
	case *json.RawMessage:
		*p = r.raw()
	case json.Unmarshaler:
		r.leaf(p)
	default:
		r.composite(v)
	}
}

// composite reads an object into a struct or an array into a slice.
func (r *reader) composite(v reflect.Value) {
	switch kind := v.Kind(); {
	case kind == reflect.Struct && r.peek() == 'n':
		r.word("null")
	case kind == reflect.Struct:
		keys := keysOf(v.Type())
		r.object(func(key []byte) {
			for i := range keys {
				if string(key) == keys[i] {
					r.value(v.Field(i))
					return
				}
			}
			r.unknown(key, keys)
		})
	case kind == reflect.Slice && v.IsNil():
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		r.elements('[', ']', func() {
			v.Grow(1)
			v.SetLen(v.Len() + 1)
			r.value(v.Index(v.Len() - 1))
		})
	default:
		r.decline()
	}
}

var structs sync.Map // results of keysOf, by type

// keysOf returns the keys of the fields of a struct.
func keysOf(t reflect.Type) []string {
	if keys, ok := structs.Load(t); ok {
		return keys.([]string)
	}
	var keys []string
	for field := range t.Fields() {
		keys = append(keys, field.Tag.Get("json"))
	}
	structs.Store(t, keys)
	return keys
}

var (
	sampleKeys    = keysOf(reflect.TypeFor[sample]())
	datapointKeys = keysOf(reflect.TypeFor[datapoint]())
)

func (s *sample) read(r *reader) {
	r.object(func(key []byte) {
		switch string(key) {
		case "time":
			r.stamp(&s.Time)
		case "intervalEndDateTime":
			r.stamp(&s.EndDateTime)
		case "intervalEndTimestamp":
			r.stamp(&s.EndTimestamp)
		case "max":
			r.number(&s.Max)
		case "mean":
			r.number(&s.Mean)
		default:
			r.unknown(key, sampleKeys)
		}
	})
}

func (d *datapoint) read(r *reader) {
	r.object(func(key []byte) {
		switch string(key) {
		case "endDateTime":
			r.stamp(&d.EndDateTime)
		case "value":
			r.number(&d.Value)
		default:
			r.unknown(key, datapointKeys)
		}
	})
}

// unknown skips the value of a key that no field has.
func (r *reader) unknown(key []byte, known []string) {
	for _, c := range key {
		if c < ' ' || c > '~' || c == '\\' {
			r.decline() // it may be another spelling of a known key
		}
	}
	for _, k := range known {
		if len(k) == len(key) && strings.EqualFold(k, string(key)) {
			r.decline()
		}
	}
	r.raw()
}

// points reads an array of objects. It allocates the slice once, for as many objects as
// there are braces before the first ']'. If the objects have arrays or objects in them, only
// that estimate is wrong.
func points[T any](r *reader, p *[]T, read func(*T, *reader)) {
	if *p != nil {
		r.decline()
		return
	}
	rest := r.b[r.at:]
	*p = make([]T, 0, bytes.Count(rest[:max(0, bytes.IndexByte(rest, ']'))], []byte("{")))
	r.elements('[', ']', func() {
		*p = append(*p, *new(T))
		read(&(*p)[len(*p)-1], r)
	})
}

// object calls member with each key of an object, to read its value.
func (r *reader) object(member func(key []byte)) {
	r.elements('{', '}', func() {
		r.skip('"')
		rest := r.b[r.at:]
		key := rest[:max(0, bytes.IndexByte(rest, '"'))]
		r.at += len(key)
		r.skip('"')
		r.skip(':')
		member(key)
	})
}

// elements calls element to read each element of an array or member of an object.
func (r *reader) elements(begin, end byte, element func()) {
	const deepest = 100 // encoding/json refuses what is nested deeper than 10,000
	if r.depth++; r.depth > deepest {
		r.decline()
	}
	r.skip(begin)
	if r.peek() != end {
		element()
		for r.peek() == ',' {
			r.at++
			element()
		}
	}
	r.skip(end)
	r.depth--
}

// skip skips white space and c.
func (r *reader) skip(c byte) {
	if r.peek() != c {
		r.decline()
		return
	}
	r.at++
}

// peek skips white space and returns the byte behind it, 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.b); r.at++ {
		switch c := r.b[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// leaf lets v read the next value.
func (r *reader) leaf(v json.Unmarshaler) {
	if b := r.raw(); b != nil && v.UnmarshalJSON(b) != nil {
		r.decline()
	}
}

// raw skips a value and returns its JSON, nil after declining.
func (r *reader) raw() []byte {
	first := r.peek()
	start := r.at
	switch first {
	case '{':
		r.object(func(key []byte) { r.unknown(key, nil) })
	case '[':
		r.elements('[', ']', func() { r.raw() })
	case '"':
		r.text()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	case '-':
		r.at++
		r.unsigned()
	default:
		r.unsigned()
	}
	if r.declined {
		return nil
	}
	return r.b[start:r.at]
}

func (r *reader) word(w string) {
	if !bytes.HasPrefix(r.b[r.at:], []byte(w)) {
		r.decline()
		return
	}
	r.at += len(w)
}

// text skips a string.
func (r *reader) text() {
	escapes := false
	for i := r.at + 1; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '\\':
			escapes = true
			i++
		case c == '"':
			if escapes && !json.Valid(r.b[r.at:i+1]) {
				r.decline()
				return
			}
			r.at = i + 1
			return
		case c < ' ':
			r.decline()
			return
		}
	}
	r.decline()
}

// stamp is leaf for a time. Most times have the date of the time before, as the
// intervals of a day do: then only the rest is read.
func (r *reader) stamp(s *stamp) {
	r.peek()
	b := r.b[r.at:]
	if r.date != "" && bytes.HasPrefix(b, []byte(r.date)) {
		if since, n := clock(b[len(r.date):]); n > 0 {
			s.nanos = r.midnight + since
			r.at += len(r.date) + n
			return
		}
	}
	r.leaf(s)
	if read := b[:len(b)-len(r.b[r.at:])]; !r.declined && s.bad == "" && bytes.HasSuffix(read, []byte(`Z"`)) {
		r.date = string(read[:len(`"2006-01-02T`)])
		r.midnight = s.nanos - s.nanos%(24*time.Hour).Nanoseconds()
	}
}

// clock reads what follows the date: 15:04:05Z" or 15:04:05.000Z". It returns the
// nanoseconds since midnight and how many bytes it has read, 0 for any other form.
func clock(b []byte) (since int64, n int) {
	if len(b) < len(`15:04:05.000Z"`) {
		return 0, 0
	}
	h, m, s := two(b), two(b[3:]), two(b[6:])
	if h > 23 || m > 59 || s > 59 || b[2] != ':' || b[5] != ':' {
		return 0, 0
	}
	since = (h*3600 + m*60 + s) * 1e9
	switch tens, units := two(b[9:]), two(b[10:]); {
	case b[8] == 'Z' && b[9] == '"':
		return since, 10
	case b[8] == '.' && tens < 100 && units < 100 && b[12] == 'Z' && b[13] == '"':
		return since + (tens*10+units%10)*1e6, 14
	}
	return 0, 0
}

// two is the number of two digits, 100 if they are not digits.
func two(b []byte) int64 {
	tens, units := b[0]-'0', b[1]-'0'
	if tens > 9 || units > 9 {
		return 100
	}
	return int64(tens)*10 + int64(units)
}

// number is leaf for a number. Those of up to 19 characters before the exponent are converted here.
func (r *reader) number(n *number) {
	r.peek()
	start := r.at
	if c := r.next(); '0' <= c && c <= '9' {
		if m, e, ok := r.unsigned(); ok {
			if v, ok := decimal(m, e); ok {
				*n = number{value: v, set: true}
				return
			}
		}
		if r.declined {
			return
		}
		r.at = start
	}
	r.leaf(n)
}

// unsigned skips a number without a sign, which is m × 10^e; ok is false if it has
// too many digits for them.
func (r *reader) unsigned() (m uint64, e int, ok bool) {
	start := r.at
	if r.next() == '0' {
		r.at++
	} else {
		m = r.digits(0)
	}
	if r.next() == '.' {
		r.at++
		point := r.at
		m = r.digits(m)
		e = point - r.at
	}
	ok = r.at-start <= 19
	if c := r.next(); c == 'e' || c == 'E' {
		r.at++
		sign := r.next()
		if sign == '+' || sign == '-' {
			r.at++
		}
		start := r.at
		x := int(min(r.digits(0), 999))
		if ok = ok && r.at-start <= 3; sign == '-' {
			x = -x
		}
		e += x
	}
	return m, e, ok && !r.declined
}

// digits skips one digit or more and returns m with the digits appended.
func (r *reader) digits(m uint64) uint64 {
	n := 0
	for _, c := range r.b[r.at:] {
		if c < '0' || c > '9' {
			break
		}
		m = m*10 + uint64(c-'0')
		n++
	}
	if r.at += n; n == 0 {
		r.decline()
	}
	return m
}

// next is the next byte, 0 at the end.
func (r *reader) next() byte {
	if r.at == len(r.b) {
		return 0
	}
	return r.b[r.at]
}

var powers = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// decimal is the float64 nearest to m × 10^e, as strconv has it. ok is false if it
// takes more than a product or a quotient of two uint64.
func decimal(m uint64, e int) (v float64, ok bool) {
	switch {
	case m == 0:
		return 0, true
	case 0 <= e && e < len(powers):
		high, low := bits.Mul64(m, powers[e])
		return float64(low), high == 0
	case -len(powers) < e && e < 0:
		// With the highest bit of both numbers set, the quotient has 63 or 64 bits. A
		// float64 has 53, so of the remainder it matters only whether there is one, which
		// the lowest bit can say.
		d := powers[-e]
		shiftM, shiftD := bits.LeadingZeros64(m), bits.LeadingZeros64(d)
		m, d = m<<shiftM, d<<shiftD
		quotient, remainder := bits.Div64(m>>1, m<<63, d)
		if remainder != 0 {
			quotient |= 1
		}
		return math.Ldexp(float64(quotient), shiftD-shiftM-63), true
	}
	return 0, false
}
