package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

// axe-core, the checker of accessibility behind most others, has nothing to say to the pages,
// on a telephone and on a desk, in the light and in the dark.
func TestPagesPassAxe(t *testing.T) {
	t.Parallel()
	modules := need.Modules(t, "axe")
	axe, err := os.ReadFile(filepath.Join(modules, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	_, base := startDemo(t)
	full(t, base, 0)
	b.open(t, base+"/?q=lag&sort=metro") // of a LAG, which has the longest page
	port := eval[string](t, b, "document.querySelector('.ports tbody a').pathname")
	for name, path := range map[string]string{"landing": "/", "filtered": "/?q=core&account=classic&units=bytes&sort=x", "port": port, "unknown": "/ports/nothing"} {
		for _, width := range []int64{360, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				t.Run(fmt.Sprintf("%s, %d pixels, %s", name, width, scheme), func(t *testing.T) {
					b.look(t, width, "", scheme)
					b.open(t, base+path)
					b.audit(t, "layout()", "contrasts()")
					eval[any](t, b, string(axe)+"; null")
					for _, v := range eval[[]string](t, b, "axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')))") {
						t.Error(v)
					}
					b.picture(t, strings.Join([]string{"axe", name, fmt.Sprint(width), scheme}, "-"))
				})
			}
		}
	}
	b.open(t, base+"/")
	eval[any](t, b, string(axe)+"; document.querySelector('#q').previousElementSibling.remove(); null")
	if n := eval[int](t, b, "axe.run().then((r) => r.violations.length)"); n == 0 {
		t.Error("a field without a label passes, so the test shows nothing")
	}
}
