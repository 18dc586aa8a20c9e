package fabric

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// decode reads b into v. at is the path of b in the answer, "" for all of it.
func decode(op, at string, b []byte, v any) error {
	err := json.Unmarshal(b, v)
	if err == nil {
		return nil
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		err = fmt.Errorf("%s where %s is expected", t.Value, expected(t.Type))
		return &DecodeError{Op: op, Path: join(at, t.Field), Err: err}
	}
	return &DecodeError{Op: op, Path: at, Err: err}
}

var errMissing = errors.New("missing")

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

// uuid is the spelling that uuids are compared in.
func uuid[S ~string](s S) string { return strings.ToLower(strings.TrimSpace(string(s))) }
