package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decode reads b into v. The reader is tried first. What it declines goes to encoding/json,
// which decides what unusual JSON means and words every error.
func decode[T any](b []byte, v *T) error {
	if read(b, v) {
		return nil
	}
	return located("", json.Unmarshal(b, v))
}

// decodeEntity is decode for a port or a connection. A field that should be an object
// or an array, but has another type, counts as absent: a field in a new form must not
// cost the whole listing. Other fields have lenient types of their own. The error is
// from encoding/json.
func decodeEntity[T any](b []byte, v *T) error {
	if read(b, v) {
		return nil
	}
	err := json.Unmarshal(b, v)
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		switch t.Type.Kind() {
		case reflect.Struct, reflect.Slice:
			return nil // encoding/json went on with the other fields
		}
	}
	return err
}

// located makes an error of encoding/json a [DecodeError]. at is the path of what was
// decoded, "" for the whole answer.
func located(at string, err error) error {
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		err = fmt.Errorf("%s where %s is expected", t.Value, expected(t.Type))
		return &DecodeError{Path: join(at, t.Field), Err: err}
	}
	return &DecodeError{Path: at, Err: err}
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Float64:
		return "number"
	case reflect.Bool:
		return "boolean"
	default:
		return t.Kind().String()
	}
}

func join(path, field string) string {
	return strings.Trim(path+"."+field, ".")
}
