package fabric_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostileNames are names as JSON spells them, and as they are shown.
var hostileNames = []struct{ name, json, want string }{
	{"plain", `"sv1 \"pri\" \\ 1"`, `sv1 "pri" \ 1`},
	{"of the world", `"Zürich 東京 ✈"`, "Zürich 東京 ✈"},
	{"line breaks and other controls", `"a\nlevel=error\r\t\u0000\u001b[31mb"`, "a�level=error����[31mb"},
	{"moves the text around it", `"\u202eexe.doc\u2028\u200b"`, "�exe.doc��"},
	{"leaves no mark", `"a\u3164\u115f\u034f\u2800\ufe00\u17b4b"`, "a������b"},
	{"a coloured symbol", `"✈\ufe0f"`, "✈\ufe0f"},
	{"no UTF-8", "\"a\xff\xfeb\"", "a��b"},
	{"half a pair", `"a\ud800b"`, "a�b"},
	{"as long as may be", `"` + strings.Repeat("x", 256) + `"`, strings.Repeat("x", 256)},
	{"too long by one", `"` + strings.Repeat("x", 257) + `"`, strings.Repeat("x", 253) + "…"},
	{"a megabyte", `"` + strings.Repeat("x", 1<<20) + `"`, strings.Repeat("x", 253) + "…"},
	{"a megabyte of three bytes each", `"` + strings.Repeat("東", 1<<18) + `"`, strings.Repeat("東", 84) + "…"},
	{"a megabyte of controls", `"` + strings.Repeat(`\u0001`, 1<<18) + `"`, strings.Repeat("�", 84) + "…"},
}

func TestNamesAreFitToBeShown(t *testing.T) {
	for _, tt := range hostileNames {
		t.Run(tt.name, func(t *testing.T) {
			body := fmt.Sprintf(`{"uuid":"`+id("p")+`","name":%[1]s,"state":%[1]s,"location":{"metroName":%[1]s}}`, tt.json)
			p, err := newClient(t, always(200, body)).Port(t.Context(), id("p"))
			if err != nil || p.Name != tt.want || p.State != tt.want || p.MetroName != tt.want {
				t.Errorf("port %q in %q of %q, %v; want %q", p.Name, p.State, p.MetroName, err, tt.want)
			}
			body = fmt.Sprintf(`{"data":[{"uuid":"`+id("c")+`","name":%[1]s,"aSide":{"accessPoint":{"port":{"uuid":"`+id("p")+`"}}},`+
				`"zSide":{"accessPoint":{"profile":{"name":%[1]s},"linkProtocol":{"vlanTag":%[1]s}}}}]}`, tt.json)
			conns, err := drain(newClient(t, always(200, body)).Connections(t.Context(), []string{id("p")}))
			if err != nil || len(conns) != 1 {
				t.Fatalf("connections %v, %v", conns, err)
			}
			if c := conns[0]; c.Name != tt.want || c.ZSide.Name != tt.want || c.ZSide.VLAN != tt.want {
				t.Errorf("connection %q to %q by %q, want %q", c.Name, c.ZSide.Name, c.ZSide.VLAN, tt.want)
			}
		})
	}
}

// What is no UUID is left out of listings: cut or replaced it could be that of
// another thing, and it would become part of a path.
func TestWhatIsNoUUIDIsNotTaken(t *testing.T) {
	for _, text := range []string{
		"", " ", "1", "p", "../../v1/x", id("p") + "/x", "x" + id("p"), id("p")[1:], strings.ReplaceAll(id("p"), "-", ""),
		"g" + id("p")[1:], id("p") + "\x00", strings.Repeat("a", 257), "é", "\xff",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"data":[{"uuid":%q},{"uuid":%s}]}`, id("ok"), quoted)
		ports, err := drain(newClient(t, always(200, body)).Ports(t.Context()))
		if err != nil || len(ports) != 1 || ports[0].UUID != id("ok") {
			t.Errorf("%q: %v, %v", text, ports, err)
		}
		body = fmt.Sprintf(`{"uuid":%q,"redundancy":{"group":%s,"priority":"PRIMARY"}}`, id("p"), quoted)
		p, err := newClient(t, always(200, body)).Port(t.Context(), id("p"))
		if err != nil || p.RedundancyGroup != "" || p.RedundancyPriority != "PRIMARY" {
			t.Errorf("group %q: %q, %v", text, p.RedundancyGroup, err)
		}
		if _, err := newClient(t, always(200, idle)).PortStatsV3(t.Context(), text, from, to); err == nil {
			t.Errorf("%q is asked for", text)
		}
	}
}

// checkTidy fails for a text anywhere in v that is not fit to be shown.
func checkTidy(t *testing.T, v any) {
	t.Helper()
	walkTexts(reflect.ValueOf(v), func(s string) {
		if len(s) > 256 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%d bytes: %.300q in %T", len(s), s, v)
		}
	})
}

func walkTexts(v reflect.Value, visit func(string)) {
	switch v.Kind() {
	case reflect.String:
		visit(v.String())
	case reflect.Slice:
		for i := range v.Len() {
			walkTexts(v.Index(i), visit)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			walkTexts(field, visit)
		}
	}
}
