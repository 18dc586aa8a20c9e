package doctor

import (
	"fmt"
	"time"
)

const (
	agreement = 2 * time.Second
	maxSkew   = time.Minute
	wrongSkew = 5 * time.Minute // from here on, windows lack their newest samples or end in the future

	setClock = "synchronise the clock of this host, by NTP or chrony"
)

// skew is how far the local clock is ahead of the API's.
func (e *exam) skew() (time.Duration, bool) {
	if skew, ok := e.client.ClockSkew(); ok {
		return skew, true
	}
	return e.tokens.ClockSkew()
}

func (e *exam) lookAtClock() {
	skew, known := e.skew()
	off, direction := skew.Abs().Round(time.Second), "ahead of" // the header counts in seconds
	if skew < 0 {
		direction = "behind"
	}
	detail := fmt.Sprintf("about %s %s the clock of the API", short(off), direction)
	switch {
	case !known:
		e.add(skip, checkClock, "", "no answer had a date", "")
	case off > wrongSkew:
		e.add(fail, checkClock, "", detail+": windows are asked for at the wrong time", setClock)
	case off > maxSkew:
		e.add(warn, checkClock, "", detail, setClock)
	case off > agreement:
		e.add(ok, checkClock, "", detail, "")
	default:
		e.add(ok, checkClock, "", "agrees with the clock of the API", "")
	}
}

// now is the time by the clock of the API, as far as it has told it.
func (e *exam) now() time.Time {
	skew, _ := e.skew()
	return time.Now().Add(-skew)
}
