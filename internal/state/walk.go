package state

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// What no exporter writes more of.
const (
	maxText   = 1 << 10 // bytes: the name of a pair has those of two ports in it
	maxNumber = 1 << 40 // ports, connections, series
	longest   = 10 * 365 * 24 * time.Hour
)

// earliest is before every time that is not zero.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// walk returns the first thing below v that can be in no series and on no page:
// texts as the API's are never let in, numbers that count nothing, times before
// all others. at is the way there.
func walk(at string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return walk(at, v.Elem())
	case reflect.Struct:
		return walkStruct(at, v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := walk(fmt.Sprintf("%s[%d]", at, i), v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			if err := walk(at+" key", key); err != nil {
				return err
			}
			if err := walk(at+"[…]", value); err != nil {
				return err
			}
		}
	case reflect.String:
		return checkText(at, v.String())
	case reflect.Int, reflect.Int64, reflect.Int32:
		n := v.Int()
		if v.Type() == durationType && time.Duration(n) > longest {
			return fmt.Errorf("%s is %v", at, time.Duration(n))
		}
		if v.Type() != durationType && (n < 0 || n > maxNumber) {
			return fmt.Errorf("%s is %d", at, n)
		}
	case reflect.Float64:
		if f := v.Float(); !sound(&f) {
			return fmt.Errorf("%s is %v", at, f)
		}
	}
	return nil
}

func walkStruct(at string, v reflect.Value) error {
	if v.Type() == timeType {
		if t, _ := reflect.TypeAssert[time.Time](v); !t.IsZero() && t.Before(earliest) {
			return fmt.Errorf("%s is %v", at, t)
		}
		return nil
	}
	for field, value := range v.Fields() {
		if !field.IsExported() {
			continue // its own type has read it
		}
		if err := walk(at+"."+field.Name, value); err != nil {
			return err
		}
	}
	return nil
}

func checkText(at, text string) error {
	if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !fabric.Visible(r) }) {
		return fmt.Errorf("%s is no text of an exporter: %.50q (%d bytes)", at, text, len(text))
	}
	return nil
}
