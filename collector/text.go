package collector

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unique"
)

// text holds every series, ready to be written as a line of the text formats. Each family
// has a column of entries, in the order of Prometheus' registry. A line is the text of a
// shape around the labels of a page, then the value; only the value is kept for each series.
type text struct {
	columns []column // by the index of the family

	// Scratch space.
	samples  []sample
	shapes   []byte
	relabels []bool // by the index of the family
	piece    []byte
}

type column struct {
	entries []entry
	fresh   []entry // to be merged into entries
	dead    bool    // some entries have no page
}

// entry is one series. A stale series keeps its entry, with an empty value.
type entry struct {
	page  *page // nil if the series is gone
	shape unique.Handle[shape]
	value value
	place uint16 // the index of its place in page.places
}

// place is where an entry is: the index of its family, and its index in the column or,
// until the merge, -1 minus its index in fresh.
type place struct{ family, at int32 }

// value is a number as text. The longest has 24 bytes: -1.7976931348623157e+308.
type value struct {
	text  [24]byte
	n     uint8
	whole bool // without point and exponent: OpenMetrics appends ".0"
}

// shape is what the series of different pages have in common: the text before the labels
// of the page, the text behind them, and the values of the labels before and behind them
// as sort keys.
type shape struct {
	text string // these parts, one behind the other
	ends
}

// ends are where the first three parts of a shape end.
type ends struct{ before, behind, key int }

// sample is one series that is being rendered.
type sample struct {
	family     int32
	start, end int // its shape in text.shapes
	ends       ends
	value      value
}

// ownLabels are the labels of a page, which all its series have, as text and as a sort key.
type ownLabels struct{ text, key string }

// render brings the entries of the page up to date with its series. names and values are
// the labels of the page.
func (c *Collector) render(p *page, names, values []string) {
	if !slices.Equal(values, p.values) {
		c.drop(p)
		p.values, p.own = values, newOwnLabels(names, values)
	}
	c.samples, c.shapes = c.samples[:0], c.shapes[:0]
	broken := ""
	p.each(func(f *Family, v float64, labels []string) {
		if slices.ContainsFunc(labels, func(l string) bool { return !utf8.ValidString(l) }) { // which decoding prevents
			broken = f.Name
			return
		}
		s := sample{family: f.index, start: len(c.shapes), value: newValue(v)}
		c.shapes, s.ends = f.appendShape(c.shapes, labels)
		s.end = len(c.shapes)
		c.samples = append(c.samples, s)
	})
	if broken != "" {
		c.log.Warn("series left out: a label is not UTF-8", "labels", values, "family", broken)
	}
	p.most = max(p.most, len(c.samples))

	// The samples of a family match its entries in order; an entry that none matches is
	// stale. A sample that matches no entry has a new label: then all of the family are new.
	for _, there := range p.places {
		c.entry(there).value.n = 0
	}
	clear(c.relabels)
	places, relabelled := p.places, false // those that no sample has been compared with yet
	for _, s := range c.samples {
		for len(places) > 0 && places[0].family <= s.family && !c.isOf(places[0], s) {
			places = places[1:]
		}
		if len(places) > 0 && places[0].family == s.family {
			c.entry(places[0]).value = s.value
			places = places[1:]
			continue
		}
		c.relabels[s.family], relabelled = true, true
	}
	if relabelled {
		c.relabel(p)
	}
}

// isOf reports whether the entry there has the family and the labels of s.
func (c *Collector) isOf(there place, s sample) bool {
	return there.family == s.family && c.entry(there).shape.Value().text == string(c.shapes[s.start:s.end])
}

func (c *Collector) entry(there place) *entry {
	col := &c.columns[there.family]
	if there.at < 0 {
		return &col.fresh[-1-there.at]
	}
	return &col.entries[there.at]
}

// relabel makes the entries of the families in c.relabels anew, from the samples.
func (c *Collector) relabel(p *page) {
	p.places = slices.DeleteFunc(p.places, func(there place) bool {
		if c.relabels[there.family] {
			c.kill(there)
		}
		return c.relabels[there.family]
	})
	for _, s := range c.samples {
		if c.relabels[s.family] {
			fresh := &c.columns[s.family].fresh
			handle := unique.Make(shape{string(c.shapes[s.start:s.end]), s.ends})
			*fresh = append(*fresh, entry{page: p, shape: handle, value: s.value})
			p.places = append(p.places, place{s.family, int32(-len(*fresh))}) //nolint:gosec // G115: fewer series than that
		}
	}
	slices.SortStableFunc(p.places, func(a, b place) int { return int(a.family - b.family) })
	for i, there := range p.places {
		c.entry(there).place = uint16(i) // there are far fewer: the configuration bounds its pairs, [bounded] the states
	}
}

// kill takes the page from the entry there.
func (c *Collector) kill(there place) {
	c.entry(there).page = nil
	c.columns[there.family].dead = true
}

// drop takes all places from the page.
func (c *Collector) drop(p *page) {
	for _, there := range p.places {
		c.kill(there)
	}
	p.places = nil
}

// merge puts the fresh entries of each column in their places, and takes the dead ones out.
func (c *Collector) merge() {
	for family := range c.columns {
		col := &c.columns[family]
		if len(col.fresh) == 0 && !col.dead {
			continue
		}
		gone := func(e entry) bool { return e.page == nil }
		kept, fresh := slices.DeleteFunc(col.entries, gone), slices.DeleteFunc(col.fresh, gone)
		slices.SortFunc(fresh, compareEntries)
		merged := make([]entry, 0, len(kept)+len(fresh))
		for len(kept) > 0 && len(fresh) > 0 {
			if compareEntries(kept[0], fresh[0]) <= 0 {
				merged, kept = append(merged, kept[0]), kept[1:]
			} else {
				merged, fresh = append(merged, fresh[0]), fresh[1:]
			}
		}
		*col = column{entries: append(append(merged, kept...), fresh...)}
		for at := range col.entries {
			e := &col.entries[at]
			e.page.places[e.place].at = int32(at)
		}
	}
}

// compareEntries orders series as Prometheus' registry does: by the values of the labels,
// which it takes in the order of their names.
func compareEntries(a, b entry) int {
	s, t := a.shape.Value(), b.shape.Value()
	if a.shape != b.shape {
		if order := strings.Compare(s.text[s.behind:s.key], t.text[t.behind:t.key]); order != 0 {
			return order
		}
	}
	if order := strings.Compare(a.page.own.key, b.page.own.key); order != 0 {
		return order
	}
	return strings.Compare(s.text[s.key:], t.text[t.key:])
}

// PieceSize is how many bytes a piece of text has room for.
const PieceSize = 64 << 10

// write yields the text of all families.
func (c *Collector) write(openMetrics bool, yield func(string, *[]byte) bool) {
	for _, f := range c.byName {
		header := f.textHeader
		if openMetrics {
			header = f.openMetricsHeader
		}
		for i := range c.columns[f.index].entries {
			e := &c.columns[f.index].entries[i]
			if e.value.n == 0 || e.page.leftOut {
				continue
			}
			s, own := e.shape.Value(), e.page.own.text
			size := len(header) + s.behind + len(own) + len(e.value.text) + len(".0\n")
			if len(c.piece)+size > cap(c.piece) && !c.flush(f, yield) {
				return
			}
			out := append(slices.Grow(c.piece, size), header...)
			header = "" // it comes once
			n := len(out)
			out = out[:n+s.behind+len(own)]
			n += copy(out[n:], s.text[:s.before])
			n += copy(out[n:], own)
			copy(out[n:], s.text[s.before:s.behind])
			out = append(out, e.value.text[:e.value.n]...)
			if openMetrics && e.value.whole {
				out = append(out, ".0"...)
			}
			c.piece = append(out, '\n')
		}
		if !c.flush(f, yield) {
			return
		}
	}
}

// flush yields the piece as it is, and begins another.
func (c *Collector) flush(f *Family, yield func(string, *[]byte) bool) bool {
	defer func() { c.piece = c.piece[:0] }()
	return len(c.piece) == 0 || yield(f.Name, &c.piece)
}

// header is what comes before the series of the family. OpenMetrics names a counter without
// its suffix, and has quotation marks escaped.
func (f *Family) header(openMetrics bool) string {
	name, kind, help := f.Name, "gauge", helpEscapes
	if openMetrics {
		name, help = strings.TrimSuffix(name, "_total"), labelEscapes
	}
	if f.Counter {
		kind = "counter"
	}
	return "# HELP " + name + " " + help.Replace(f.Help) + "\n# TYPE " + name + " " + kind + "\n"
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// newValue writes v as expfmt does.
func newValue(v float64) (text value) {
	b := strconv.AppendFloat(text.text[:0], v, 'g', -1, 64)
	if v == 0 { // a negative zero, too
		b = append(b[:0], '0')
	}
	text.n = uint8(len(b)) //nolint:gosec // G115: at most 24
	text.whole = !bytes.ContainsAny(b, ".eIN")
	return text
}

// appendShape appends the shape of a series with these values of the labels of f.
func (f *Family) appendShape(b []byte, values []string) ([]byte, ends) {
	start, e := len(b), ends{}
	b = append(b, f.Name...)
	for i, label := range f.sorted {
		switch {
		case i == 0:
			b = append(b, '{')
		case label >= f.own || i == f.ownAt:
			b = append(b, ',')
		}
		if i == f.ownAt {
			e.before = len(b) - start
		}
		if label >= f.own {
			b = appendLabel(b, f.Labels[label], values[label])
		}
	}
	if len(f.sorted) > 0 {
		b = append(b, '}')
	}
	b = append(b, ' ')
	e.behind = len(b) - start
	if f.own == 0 {
		e.before = e.behind
	}
	for i, label := range f.sorted {
		if i == f.ownAt {
			e.key = len(b) - start
		}
		if label >= f.own {
			b = appendKey(b, values[label])
		}
	}
	if f.own == 0 {
		e.key = len(b) - start
	}
	return b, e
}

// newOwnLabels are labels of these names, which are sorted here.
func newOwnLabels(names, values []string) ownLabels {
	var text, key []byte
	for i, label := range sortedIndexes(names) {
		if i > 0 {
			text = append(text, ',')
		}
		text, key = appendLabel(text, names[label], values[label]), appendKey(key, values[label])
	}
	return ownLabels{string(text), string(key)}
}

func appendLabel(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, `="`...)
	if strings.ContainsAny(value, "\\\n\"") {
		value = labelEscapes.Replace(value)
	}
	b = append(b, value...)
	return append(b, '"')
}

// appendKey appends a value so that keys of several values sort as the values do, one
// after the other: with an end that is lower than all that a value can contain.
func appendKey(b []byte, value string) []byte {
	for _, char := range []byte(value) {
		if char <= 1 {
			b = append(b, 1)
		}
		b = append(b, char)
	}
	return append(b, 0)
}

// sortedIndexes are the indexes of the names in the order of the names.
func sortedIndexes(names []string) []int {
	indexes := make([]int, len(names))
	for i := range indexes {
		indexes[i] = i
	}
	slices.SortFunc(indexes, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	return indexes
}
