package helm_test

import (
	"slices"
	"testing"
)

// object is a rendered object, or a part of one.
type object map[string]any

type objects []object

// at follows keys down; what is not there is empty.
func (o object) at(keys ...string) object {
	for _, k := range keys {
		o, _ = o[k].(object) // as the decoder makes them of what is in an object
	}
	return o
}

// list is the list of objects under a key.
func (o object) list(key string) []object {
	values, _ := o[key].([]any)
	var list []object
	for _, v := range values {
		if v, ok := v.(object); ok {
			list = append(list, v)
		}
	}
	return list
}

// strings is the list of strings under a key.
func (o object) strings(key string) []string {
	values, _ := o[key].([]any)
	var list []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

func (o object) string(key string) string {
	s, _ := o[key].(string)
	return s
}

func (o object) kind() string { return o.string("kind") }
func (o object) name() string { return o.at("metadata").string("name") }

// within reports whether all pairs of o are in other, as a selector's must be in
// labels. An empty selector selects everything, which is never meant here.
func (o object) within(other object) bool {
	for k, v := range o {
		if other[k] != v {
			return false
		}
	}
	return len(o) > 0
}

// all are the objects of a kind.
func (os objects) all(kind string) objects {
	return slices.DeleteFunc(slices.Clone(os), func(o object) bool { return o.kind() != kind })
}

// one is the only object of a kind.
func (os objects) one(t *testing.T, kind string) object {
	t.Helper()
	found := os.all(kind)
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s, want one", len(found), kind)
	}
	return found[0]
}

// workload is the Deployment or StatefulSet.
func (os objects) workload(t *testing.T) object {
	t.Helper()
	if len(os.all("StatefulSet")) > 0 {
		return os.one(t, "StatefulSet")
	}
	return os.one(t, "Deployment")
}

// container is the exporter's container of a workload.
func (o object) container(t *testing.T) object {
	t.Helper()
	containers := o.podSpec().list("containers")
	if len(containers) == 0 || containers[0].string("name") != "exporter" {
		t.Fatalf("the exporter is not the first of %v", containers)
	}
	return containers[0]
}

func (o object) podSpec() object   { return o.at("spec", "template", "spec") }
func (o object) podLabels() object { return o.at("spec", "template", "metadata", "labels") }
