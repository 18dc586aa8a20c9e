package e2e_test

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/fabric-exporter/equinix_fabric_exporter/e2e/need"
)

var picturesFlag = flag.String("pictures", "", "absolute path of a directory to leave pictures of the landing page in")

//go:embed testdata/audit.js
var auditScript string

// browser is a tab of a headless Chromium that has its own process and profile,
// and reaches nothing but loopback. It ends with its test, at the latest.
type browser struct {
	ctx context.Context

	mu         sync.Mutex
	requests   []string // URLs, in order
	complaints []string // what the console says, and failed requests
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := need.Program(t, "chromium", "chromium", "chromium-browser", "google-chrome")
	// The test's context would end, and kill it, before it is asked to stop: it
	// would leave its files behind.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), lifetime)
	ctx, wait := chromedp.NewExecAllocator(ctx, slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path),
		chromedp.Flag("no-sandbox", os.Getuid() == 0), // it does not start as root with one
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	})...)
	b := &browser{}
	silent := func(string, ...any) {} // a newer browser has events that the library does not know
	b.ctx, _ = chromedp.NewContext(ctx, chromedp.WithListener(b.listen), chromedp.WithLogf(silent), chromedp.WithErrorf(silent))
	t.Cleanup(func() {
		_ = chromedp.Cancel(b.ctx) // or else it is killed
		cancel()
		wait() // for the process, and until its profile is removed
	})
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return b
}

// listen takes the events of the tab.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	complain := func(format string, args ...any) { b.complaints = append(b.complaints, fmt.Sprintf(format, args...)) }
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") { // part of the page
			b.requests = append(b.requests, e.Request.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= http.StatusBadRequest {
			complain("%s answers %d", e.Response.URL, e.Response.Status)
		}
	case *network.EventLoadingFailed:
		complain("a %s fails: %s %s", e.Type, e.ErrorText, e.BlockedReason)
	case *runtime.EventConsoleAPICalled:
		complain("console.%s is called", e.Type)
	case *runtime.EventExceptionThrown:
		complain("exception: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		complain("%s %s: %s", e.Entry.Source, e.Entry.Level, e.Entry.Text)
	}
}

// loadedOnly fails the test where the browser has asked for anything but url so
// far, or had anything to complain of.
func (b *browser) loadedOnly(t *testing.T, url string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if r != url {
			t.Errorf("the page makes the browser ask for %s", r)
		}
	}
	if len(b.requests) == 0 || len(b.complaints) > 0 {
		t.Errorf("the browser asks for %q and complains: %q", b.requests, b.complaints)
	}
}

// run takes a step, which must succeed, and returns its outcome.
func run[T any](t *testing.T, b *browser, step chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, step)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return v
}

// call is a step of one command of the browser's protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, tab *chromedp.Target) (R, error) { return cdp.Call(ctx, tab, command, params) }
}

// eval is the value of a JavaScript expression in the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return run(t, b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// open loads a page, and makes the audit ready in it.
func (b *browser) open(t *testing.T, url string) {
	t.Helper()
	run(t, b, chromedp.Navigate(url))
	eval[any](t, b, auditScript+"; null")
}

// look makes the window so wide, and the medium and the colour scheme such.
func (b *browser) look(t *testing.T, width int64, medium, scheme string) {
	t.Helper()
	run(t, b, chromedp.EmulateViewport(width, 900))
	run(t, b, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
}

// audit fails the test for each complaint of functions of the audit.
func (b *browser) audit(t *testing.T, calls ...string) {
	t.Helper()
	for _, c := range calls {
		for _, complaint := range eval[[]string](t, b, "audit."+c) {
			t.Error(complaint)
		}
	}
}

// picture keeps what the window shows, where pictures are asked for.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	if *picturesFlag == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*picturesFlag, name+".png"), run(t, b, chromedp.CaptureScreenshot()), 0o644); err != nil {
		t.Fatal(err)
	}
}
