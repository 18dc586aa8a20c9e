package poll

// mark is how far the intervals of one kind have been counted.
type mark struct {
	newest    int64 // stamp
	unstamped int
}

// count is how many of the stamps are new since the mark, and the next one. An
// interval stays in its window for up to months, and is new once. Of those without
// a stamp as many are new as there are more than before.
func (m mark) count(stamps []int64) (fresh int, next mark) {
	next.newest = m.newest
	for _, at := range stamps {
		switch {
		case at == unstamped:
			next.unstamped++
		case at > m.newest:
			fresh++
			next.newest = max(next.newest, at)
		}
	}
	return fresh + max(0, next.unstamped-m.unstamped), next
}

// noteOdd counts and logs what of an answer about a window is not plausible.
func (a *account) noteOdd(class string, key watch, o odd) {
	a.journal.odd(class, key.uuid, a.cfg.Windows[key.window].Label(), o)
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.marks[key]
	if len(o) == 0 {
		delete(a.marks, key)
		return
	}
	a.marks[key] = make(map[oddity]mark, len(o))
	for how, stamps := range o {
		fresh, next := before[how].count(stamps)
		a.marks[key][how] = next
		a.metrics.implausible.WithLabelValues(a.Name, string(how)).Add(float64(fresh))
	}
}
