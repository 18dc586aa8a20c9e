package fabrictest

import (
	"errors"
	"fmt"
	"time"
)

// scope is what a fault is about.
type scope int

const (
	ofRequests scope = iota
	ofNetwork        // requests, of which nobody knows what they ask
	ofLogin          // logins and tokens: of no port
	ofAll            // the API, whatever is requested
)

// A fault may be as long or as far as that.
const (
	shortest = time.Millisecond
	longest  = 30 * 24 * time.Hour
)

// takes returns why a kind of fault cannot be as s wants it: what would be
// ignored is refused.
func (k Kind) takes(s Switch) error {
	var errs []error
	refuse := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(s.For < 0 || s.Count < 0 || s.After < 0 || s.By < 0, "for, count, after and by are not negative")
	refuse(s.By != 0 && k.By == 0, "%s takes no by", k.Name)
	refuse(s.By > 0 && (s.By < shortest || s.By > longest), "by is between %v and %v, not %v", shortest, longest, s.By)
	refuse(s.Port != "" && k.scope != ofRequests, "%s takes no port: it is not about one", k.Name)
	refuse(k.scope == ofAll && (s.Path != "" || s.Count != 0 || s.After != 0),
		"%s takes no path, count or after: it begins at once, and is about the whole API", k.Name)
	return errors.Join(errs...)
}
