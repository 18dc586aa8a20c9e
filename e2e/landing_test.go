package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// cards is the widest window, in px, in which rows are laid out as cards.
const cards = 1200

// The page of the demo, as people open it.
func TestLandingPage(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	_, base := startDemo(t)
	full(t, base, 0)
	b.look(t, 1280, "", "light")
	b.open(t, base+"/")

	t.Run("accounts", func(t *testing.T) { landingShowsAccounts(t, b) })
	t.Run("ports", func(t *testing.T) { landingShowsPorts(t, b, base) })
	for _, width := range []int64{320, 375, 768, cards, cards + 1, 1280, 2560} {
		target := 24 // px, as WCAG 2.2 asks at least
		if width <= cards {
			target = 44 // a finger's
		}
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d pixels, %s", width, scheme), func(t *testing.T) {
				b.look(t, width, "", scheme)
				b.audit(t, "layout()", "contrasts()", "sparklines()", fmt.Sprintf("targets(%d)", target))
				b.picture(t, fmt.Sprintf("landing-%d-%s", width, scheme))
			})
		}
		t.Run(fmt.Sprintf("%d pixels, read aloud", width), func(t *testing.T) { landingReadsWell(t, b) })
	}
	t.Run("printed", func(t *testing.T) {
		b.look(t, 794, "print", "dark") // A4
		b.audit(t, "layout()", "contrasts()", "sparklines()")
		if paper := eval[string](t, b, "getComputedStyle(document.documentElement).colorScheme"); paper != "light" {
			t.Errorf("the colour scheme of paper is %q", paper)
		}
		b.picture(t, "landing-print")
	})
	b.look(t, 1280, "", "light")
	t.Run("document", func(t *testing.T) { landingStandsAlone(t, b, base) })
	t.Run("keyboard", func(t *testing.T) { landingTakesKeys(t, b, base) })
	t.Run("links", func(t *testing.T) { landingLinksWork(t, b, base) })
	t.Run("search", func(t *testing.T) { landingSearches(t, b, base) })
	t.Run("policy", func(t *testing.T) { landingPolicyHolds(t, b, base) })
}

func landingStandsAlone(t *testing.T, b *browser, base string) {
	b.loadedOnly(t, base+"/")
	if n := eval[int](t, b, "document.querySelectorAll('script, link:not([href^=\"data:\"]), img, iframe, object').length"); n > 0 {
		t.Errorf("%d elements that are, or load, something else", n)
	}
	want := []string{"Equinix Fabric exporter", "en", "h1 h2 h2 h2 h2"}
	got := eval[[]string](t, b, "[document.title, document.documentElement.lang, [...document.querySelectorAll('h1, h2, h3, h4')].map((h) => h.localName).join(' ')]")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("title, language and headings (-want +got):\n%s", diff)
	}
}

// landingReadsWell looks at what a screen reader is given: cards are still
// tables, and what is drawn has a name.
func landingReadsWell(t *testing.T, b *browser) {
	tree := run(t, b, call(accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}))
	names := map[string][]string{}
	for _, n := range tree.Nodes {
		if !n.Ignored && n.Role != nil {
			role := strings.Trim(string(n.Role.Value), `"`)
			names[role] = append(names[role], strings.Trim(string(n.Name.Value), `"`))
		}
	}
	if diff := cmp.Diff([]string{"Ports", "Pairs", "Accounts"}, names["table"]); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	for role, want := range map[string]int{"main": 1, "navigation": 1, "search": 1, "columnheader": 9 + 5 + 8, "rowheader": 20 + 4 + 2, "cell": 20*8 + 4*4 + 2*7} {
		if got := len(names[role]); got != want {
			t.Errorf("%d × %s, want %d", got, role, want)
		}
	}
	if n := len(names["image"]); n < 30 || slices.Contains(names["image"], "") {
		t.Errorf("%d images, of these nameless: %v", n, slices.Contains(names["image"], ""))
	}
}

// links are where the page of the exporter at base leads to beside its own pages.
func links(base string) []string {
	return []string{base + "/metrics", base + "/-/healthy", base + "/-/ready"}
}

func landingTakesKeys(t *testing.T, b *browser, base string) {
	type focus struct {
		Href            string
		Width, Contrast float64
	}
	var got []string
	want := append(links(base), "input", "button", "summary")
	for range want {
		run(t, b, chromedp.KeyEvent(kb.Tab))
		f := eval[*focus](t, b, "audit.focused()")
		if f == nil {
			break
		}
		got = append(got, f.Href)
		if f.Width < 2 || f.Contrast < 3 {
			t.Errorf("the focus on %s shows as %v px with a contrast of %.2f, want 2 and 3", f.Href, f.Width, f.Contrast)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the tab key goes (-want +got):\n%s", diff)
	}
}

func landingLinksWork(t *testing.T, b *browser, base string) {
	got := eval[[]string](t, b, "[...document.querySelectorAll('header a')].map((a) => a.href)")
	if diff := cmp.Diff(links(base), got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	all := eval[[]string](t, b, "[...new Set([...document.querySelectorAll('a')].map((a) => a.href))]")
	if len(all) < 3+20+9 {
		t.Errorf("only %d links", len(all))
	}
	for _, l := range all {
		if a := mustAsk(t, http.MethodGet, l, nil); a.status != http.StatusOK {
			t.Errorf("%s: %d", l, a.status)
		}
	}
	resp, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(`header a[href$="metrics"]`)))
	if err != nil || resp.URL != base+"/metrics" {
		t.Fatalf("a click opens %v, %v", resp, err)
	}
	if text := eval[string](t, b, "document.body.innerText"); !strings.Contains(text, "\n"+prefix) {
		t.Errorf("a click on /metrics shows %.200q", text)
	}
}

// The policy of the page lets its form search, and a port leads to its page and back.
func landingSearches(t *testing.T, b *browser, base string) {
	b.open(t, base+"/?sort=name")
	run(t, b, chromedp.SendKeys(chromedp.CSS("#q"), "Core-SEC"))
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS("form button"))); err != nil {
		t.Fatal(err)
	}
	const href, names = "location.search", "[...document.querySelectorAll('.ports tbody a')].map((a) => a.innerText).join()"
	if got := eval[string](t, b, href); got != "?q=Core-SEC&sort=name" {
		t.Errorf("the search asks for %s", got)
	}
	if got := eval[string](t, b, names); got != "SV5-CORE-SEC-10G" {
		t.Errorf("the search finds %s", got)
	}
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(".ports tbody a"))); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, b, "document.querySelector('h1').innerText"); got != "SV5-CORE-SEC-10G" {
		t.Errorf("the page of the port is called %s", got)
	}
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS("main a"))); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, b, href); got != "?q=Core-SEC&sort=name" {
		t.Errorf("the way back leads to %s", got)
	}
}

// Should a name ever get through the escaping, the policy must hold: what comes
// from a page that has been tampered with does nothing.
func landingPolicyHolds(t *testing.T, b *browser, base string) {
	b.open(t, base+"/")
	ran := eval[bool](t, b, `new Promise((done) => {
		const script = document.createElement('script');
		script.textContent = 'window.pwned = true';
		document.body.append(script);
		document.body.insertAdjacentHTML('beforeend', '<img src="/-/healthy" onerror="window.pwned = true"><b style="color: red">');
		document.querySelector('img').addEventListener('error', () => done(Boolean(window.pwned) || document.querySelector('b').style.length > 0));
	})`)
	if ran {
		t.Error("a script or a style that was put into the page takes effect")
	}
}
