package fabrictest

import (
	"bytes"
	"encoding/json"
	"sync/atomic"
)

// rewrite is a JSON body with change made to what it says. It notes in altered
// when that has made a difference for the first time.
func rewrite(body []byte, change func(any) any, altered *atomic.Bool) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // numbers keep their spelling
	var v any
	if err := d.Decode(&v); err != nil {
		panic("fabrictest: rewrite an answer: " + err.Error())
	}
	var before []byte
	if !altered.Load() {
		before = jsonReply(v).body // in the spelling of what comes out: members in order
	}
	changed := jsonReply(change(v)).body
	if before != nil && !bytes.Equal(before, changed) {
		altered.Store(true)
	}
	return changed
}

// leaves replaces everything in v that is neither object nor array.
func leaves(v any, with func(any) any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			v[key] = leaves(member, with)
		}
		return v
	case []any:
		for i, element := range v {
			v[i] = leaves(element, with)
		}
		return v
	default:
		return with(v)
	}
}

// nulls replaces every value by null.
func nulls(v any) any { return leaves(v, func(any) any { return nil }) }

// wrongTypes makes objects of numbers, arrays of strings and numbers of the rest.
func wrongTypes(v any) any {
	return leaves(v, func(leaf any) any {
		switch leaf.(type) {
		case json.Number:
			return map[string]any{}
		case string:
			return []any{}
		default:
			return 7
		}
	})
}

// objects calls each for every object in v.
func objects(v any, each func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			objects(member, each)
		}
		each(v)
	case []any:
		for _, element := range v {
			objects(element, each)
		}
	}
}

// lineRates are what answers call the rate of a line, or a part of it.
var lineRates = []string{
	"capacity", "bandwidth", "availableBandwidth", "usedBandwidth", "totalBandwidth", "physicalPortsSpeed", "interfaceSpeed",
}

// capacities replaces every line rate. The bandwidth of a connection is none.
func capacities(with any) func(any) any {
	return func(v any) any {
		objects(v, func(o map[string]any) {
			if _, connection := o["aSide"]; connection {
				return
			}
			for _, key := range lineRates {
				if _, number := o[key].(json.Number); number {
					o[key] = with
				}
			}
		})
		return v
	}
}
