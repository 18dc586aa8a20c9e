package fabric

import "fmt"

// What an answer may hold, whatever its size: two bytes of JSON can be an element
// of an array, and more than a hundred in memory.
const (
	maxDepth   = 64
	maxMembers = 1000 // of an object; Equinix' largest have less than a hundred
)

// density is how much an answer may hold.
type density struct {
	items    int // elements of arrays that are in no other array
	elements int // elements of all arrays, and the arrays themselves
}

var (
	// 90 days of 5-minute intervals in two directions are 51,840; of metrics that are
	// as many, over all their pages.
	ofStats = density{items: 60_000, elements: 60_000}
	// So many ports at once fill the largest answer, where a page is of a hundred.
	// Each takes more than a kilobyte, however little is said of it.
	ofListing = density{items: 20_000, elements: 250_000}
	ofError   = density{items: 1000, elements: 1000}
)

// checkDensity returns a [DecodeError] for an answer that would take up far more
// memory than it has bytes, before anything of it is decoded. Whether it is JSON is
// for others to say.
func checkDensity(op string, b []byte) error {
	d := ofListing
	switch op {
	case OpPortStatsV3, OpPortStatsV4, OpConnectionStatsV4, OpSearchMetrics:
		d = ofStats
	}
	if at, err := d.check(b); err != nil {
		return &DecodeError{Op: op, Err: fmt.Errorf("%w, at byte %d: no answer to what is asked; tell Equinix", err, at)}
	}
	return nil
}

// check says what b has too much of, and up to where b was read.
func (d density) check(b []byte) (at int, err error) {
	var c contents
	for at = 0; at < len(b); at++ {
		switch b[at] {
		case '"':
			at = endOfString(b, at)
		case '{', '[':
			c.begin(b[at] == '[')
		case '}', ']':
			c.end()
		case ',':
			c.next()
		default:
			continue
		}
		if err := d.exceeded(&c); err != nil {
			return at, err
		}
	}
	return at, nil
}

func (d density) exceeded(c *contents) error {
	switch depth := len(c.open); {
	case depth > maxDepth:
		return fmt.Errorf("is nested deeper than %d levels", maxDepth)
	case depth > 0 && c.open[depth-1] > maxMembers:
		return fmt.Errorf("has an object of more than %d members", maxMembers)
	case c.items > d.items:
		return fmt.Errorf("has more than %d elements in its outermost arrays", d.items)
	case c.elements > d.elements:
		return fmt.Errorf("has more than %d elements in its arrays", d.elements)
	}
	return nil
}

// contents are what was found so far.
type contents struct {
	open     []int // members of each object that is open, array for an array
	arrays   int   // how many of those are arrays
	items    int
	elements int
}

const array = -1

func (c *contents) begin(isArray bool) {
	if !isArray {
		c.open = append(c.open, 1)
		return
	}
	c.open = append(c.open, array)
	c.arrays++
	c.count()
}

func (c *contents) end() {
	last := len(c.open) - 1
	if last < 0 {
		return // no JSON
	}
	if c.open[last] == array {
		c.arrays--
	}
	c.open = c.open[:last]
}

// next is for a comma.
func (c *contents) next() {
	switch last := len(c.open) - 1; {
	case last < 0:
	case c.open[last] == array:
		c.count()
	default:
		c.open[last]++
	}
}

func (c *contents) count() {
	c.elements++
	if c.arrays == 1 {
		c.items++
	}
}

// endOfString is where the string that begins at i has its closing quote.
func endOfString(b []byte, i int) int {
	for i++; i < len(b) && b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i
}
