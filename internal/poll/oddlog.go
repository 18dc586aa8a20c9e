package poll

import (
	"context"
	"log/slog"
)

// oddAnswers are those about one port or connection in which intervals are not
// plausible, and are left out or shown.
type oddAnswers struct {
	uuid    string
	leftOut bool
}

// odd takes down what of an answer about a window is not plausible: at warn level
// where all windows of its port or connection were well before, at info level
// once they are again, every time at debug level.
func (j *journal) odd(class, uuid, window string, o odd) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(o) == 0 && len(j.odds) == 0 {
		return // as nearly always
	}
	of := []any{"class", class, uuidKey(class), uuid, "window", window, "intervals", o.String()}
	switch was, is := j.turn(oddAnswers{uuid, true}, window, o.leftOut()); {
	case is:
		j.log.Log(context.Background(), oddLevel(was), "answer has impossible intervals; leaving them out", of...)
	case was:
		j.log.Info("no answer has impossible intervals any more", of...)
	}
	switch was, is := j.turn(oddAnswers{uuid, false}, window, len(o[oddAbove]) > 0); {
	case is:
		j.log.Log(context.Background(), oddLevel(was), "answer has rates above the line rate; showing them", of...)
	case was:
		j.log.Info("no answer has rates above the line rate any more", of...)
	}
}

func oddLevel(known bool) slog.Level {
	if known {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

// turn notes whether the answer about a window is odd. was reports whether that of
// any window was before, is whether this one is; where it is not and others are,
// both are false, since nothing is over.
func (j *journal) turn(key oddAnswers, window string, odd bool) (was, is bool) {
	windows := j.odds[key]
	switch {
	case odd && windows == nil:
		j.odds[key] = map[string]bool{window: true}
		return false, true
	case odd:
		windows[window] = true
		return true, true
	case !windows[window]:
		return false, false
	}
	delete(windows, window)
	if len(windows) > 0 {
		return false, false
	}
	delete(j.odds, key)
	return true, false
}

// forget drops what was said of one that is no longer watched.
func (j *journal) forget(uuid string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.odds, oddAnswers{uuid, true})
	delete(j.odds, oddAnswers{uuid, false})
}
