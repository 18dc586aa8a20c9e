package config

import "regexp"

// notYet lists the keys that the file format has and this version does not
// serve. They are checked like any other and then refused. The version that
// learns one deletes its line; nothing else here knows about it.
var notYet = []struct{ path, instead string }{
	{"state.file", "delete the key; after a restart the values come with the first polls"},
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// unavailable returns what to do instead where the value at path is not served
// by this version.
func unavailable(path string) (instead string, ok bool) {
	path = listIndex.ReplaceAllString(path, "[]")
	for _, row := range notYet {
		if row.path == path {
			return row.instead, true
		}
	}
	return "", false
}
