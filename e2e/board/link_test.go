package board_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

const repository = "https://github.com/fabric-exporter/equinix_fabric_exporter/blob/main/"

var (
	target    = regexp.MustCompile(`^/d/([\w-]+)\?(.*)$`)
	handedOn  = regexp.MustCompile(`^\$\{(\w+):queryparam\}$`)
	given     = regexp.MustCompile(`^var-(\w+)=\$\{__(?:data\.fields|field\.labels)\.\w+\}$`)
	timeRange = "${__url_time_range}"
)

func TestLinksLeadSomewhere(t *testing.T) {
	all := decoded(t)
	for uid, d := range all {
		seen := 0
		for _, to := range addresses(d) {
			seen++
			if page, ok := strings.CutPrefix(to, repository); ok {
				page = strings.Replace(page, "${__data.fields.Alert}", "FabricPortDown", 1)
				if _, err := os.Stat("../../" + page); err != nil {
					t.Errorf("%s links to %s: %v", uid, to, err)
				}
				continue
			}
			m := target.FindStringSubmatch(to)
			if m == nil || all[m[1]] == nil {
				t.Errorf("%s links to %s", uid, to)
				continue
			}
			for parameter := range strings.SplitSeq(m[2], "&") {
				checkParameter(t, uid, d, all[m[1]], parameter)
			}
		}
		if seen < 10 {
			t.Errorf("%s has %d links only", uid, seen)
		}
	}
}

// checkParameter fails the test where a link hands on a variable that either
// dashboard lacks.
func checkParameter(t *testing.T, uid string, from, to object, parameter string) {
	t.Helper()
	if parameter == timeRange {
		return
	}
	if m := handedOn.FindStringSubmatch(parameter); m != nil {
		if !variables(from)[m[1]] || !variables(to)[m[1]] {
			t.Errorf("%s hands on %s to %s", uid, parameter, to["uid"])
		}
		return
	}
	m := given.FindStringSubmatch(parameter)
	if m == nil || !variables(to)[m[1]] {
		t.Errorf("%s gives %s to %s", uid, parameter, to["uid"])
	}
}

func variables(d object) map[string]bool {
	names := map[string]bool{}
	for _, v := range list(d["templating"].(object), "list") {
		names[v["name"].(string)] = true
	}
	return names
}

// addresses are those of all links of a dashboard, of its panels and of its
// columns.
func addresses(d object) []string {
	var all []string
	add := func(links []object) {
		for _, l := range links {
			all = append(all, l["url"].(string))
		}
	}
	add(list(d, "links"))
	for _, p := range panels(d) {
		add(list(p, "links"))
		config := p["fieldConfig"].(object)
		add(list(config["defaults"].(object), "links"))
		for _, o := range list(config, "overrides") {
			for _, prop := range list(o, "properties") {
				if prop["id"] == "links" {
					add(list(prop, "value"))
				}
			}
		}
	}
	return all
}

// Every panel that can turn red says what to do about it.
func TestPanelsWithLimitsLinkToRunbooks(t *testing.T) {
	for uid, d := range decoded(t) {
		for _, p := range panels(d) {
			steps := list(p["fieldConfig"].(object)["defaults"].(object)["thresholds"].(object), "steps")
			if len(steps) < 2 {
				continue
			}
			found := false
			for _, l := range list(p, "links") {
				u, err := url.Parse(l["url"].(string))
				found = found || err == nil && strings.Contains(u.Path, "/docs/runbooks/")
			}
			if !found {
				t.Errorf("%s: %s has limits and no runbook", uid, p["title"])
			}
		}
	}
}
