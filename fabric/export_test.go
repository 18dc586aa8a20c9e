package fabric

import "strings"

// Reads is the table of what may be sent, as "METHOD /path/{uuid}" by operation.
func Reads() map[string]string {
	all := map[string]string{}
	for op, r := range reads {
		all[op] = r.method + " " + strings.ReplaceAll(r.path, "*", "{uuid}")
	}
	return all
}
