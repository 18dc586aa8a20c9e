package fabric

import "fmt"

// What an answer may hold, whatever its size: two bytes of JSON can be an element
// of an array, and more than a hundred in memory.
const (
	maxDepth   = 64
	maxMembers = 1000 // of an object; Equinix' largest have less than a hundred
)

// maxElements is how many elements the arrays of an answer may have together.
func maxElements(op string) int {
	switch op {
	case OpPortStatsV3, OpPortStatsV4, OpConnectionStatsV4:
		return 60_000 // 90 days of 5-minute intervals in two directions are 51,840
	default:
		return 250_000 // as many ports or connections as fit into the largest answer, and theirs
	}
}

// checkDensity returns a [DecodeError] for an answer that would take up far more
// memory than it has bytes, before anything of it is decoded. Whether it is JSON is
// for others to say.
func checkDensity(op string, b []byte) error {
	elements, most := 0, maxElements(op)
	var open []int // members of each object that is open, array for an array
	const array = -1
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i = endOfString(b, i)
		case '{':
			open = append(open, 1)
		case '[':
			open = append(open, array)
			elements++
		case '}', ']':
			open = open[:max(len(open)-1, 0)]
		case ',':
			switch top := len(open) - 1; {
			case top < 0:
			case open[top] == array:
				elements++
			default:
				open[top]++
			}
		default:
			continue
		}
		if err := tooDense(open, elements, most); err != nil {
			return &DecodeError{Op: op, Err: fmt.Errorf("%w, at byte %d: no answer to what is asked; tell Equinix", err, i)}
		}
	}
	return nil
}

func tooDense(open []int, elements, most int) error {
	switch depth := len(open); {
	case depth > maxDepth:
		return fmt.Errorf("is nested deeper than %d levels", maxDepth)
	case depth > 0 && open[depth-1] > maxMembers:
		return fmt.Errorf("has an object of more than %d members", maxMembers)
	case elements > most:
		return fmt.Errorf("has more than %d elements in its arrays", most)
	}
	return nil
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
