package config

import "regexp"

// notYet lists the keys that the file format has and this version does not
// serve. They are checked like any other and then refused. The version that
// learns one deletes its line; nothing else here knows about it.
var notYet = []struct {
	path    string
	value   any // the value that is refused, nil for all
	instead string
}{
	{"accounts[].token_exchange", nil, "give client_id and client_secret or client_secret_file instead"},
	{"accounts[].traffic_source", string(TrafficV4Metrics), "write auto, or delete the key"},
	{"accounts[].discover.enabled", true, "write false, and list the ports under ports"},
	{"state.file", nil, "delete the key; after a restart the values come with the first polls"},
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// unavailable returns what to do instead where a value of the file is not
// served by this version.
func unavailable(path string, value any) (instead string, ok bool) {
	path = listIndex.ReplaceAllString(path, "[]")
	for _, row := range notYet {
		if row.path == path && (row.value == nil || row.value == value) {
			return row.instead, true
		}
	}
	return "", false
}
