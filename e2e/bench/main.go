// Command bench measures a running exporter from outside, for fleets of several sizes: how
// long a scrape takes beside two other servers of the same series, what a scrape and a call
// of the API cost, how much memory the exporter needs, and what that makes for a day. It
// prints Markdown, and can write it into a page; see docs/performance.md.
//
// It needs Linux, because it reads the memory of the exporter from /proc.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	exporter string        // the program to measure
	rounds   int           // scrapes of each server in each encoding
	polling  time.Duration // how long to watch polls
	spending time.Duration // how long to repeat a scrape to see what it costs, in each encoding
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.exporter, "exporter", "", "the built exporter to measure; required")
	flags.IntVar(&o.rounds, "rounds", 9, "how many scrapes of each server, in each encoding, to take the median of")
	flags.DurationVar(&o.polling, "polling", 10*time.Second, "how long to scrape once a second while polls go on")
	flags.DurationVar(&o.spending, "spending", 2*time.Second, "how long to repeat scrapes to see what one costs, in each encoding")
	sizes := flags.String("ports", "100,400,1000,2000,10000", "sizes of the fleets, in ports")
	page := flags.String("page", "", "also write the result into this page, between its markers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.exporter == "" || o.rounds < 1 {
		return fmt.Errorf("-exporter is required, and -rounds must be at least 1")
	}
	before, after, err := around(*page)
	if err != nil {
		return err // now, not after minutes
	}
	// The GOGC of make is for the compiler. The servers in this process collect garbage as
	// often as the exporter, which is started without it.
	debug.SetGCPercent(100)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute) // a busy machine takes long
	defer cancel()
	var all []*figures
	for size := range strings.SplitSeq(*sizes, ",") {
		ports, err := strconv.Atoi(size)
		if err != nil || ports < 1 {
			return fmt.Errorf("-ports: %q is not a number of ports", size)
		}
		fmt.Fprintf(stderr, "%s: measuring %d ports\n", time.Now().Format(time.TimeOnly), ports)
		f, err := measure(ctx, o, ports)
		if err != nil {
			return fmt.Errorf("%d ports: %w", ports, err)
		}
		all = append(all, f)
	}
	text := report(all, o)
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if *page == "" {
		return nil
	}
	return os.WriteFile(*page, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644) //nolint:gosec // G306: a document for all
}

// The lines of a page that enclose the result.
const (
	begin = "<!-- written by make performance: begin -->\n"
	end   = "<!-- written by make performance: end -->\n"
)

// around is what a page has before and after the result; nothing if there is no page.
func around(page string) (before, after string, err error) {
	if page == "" {
		return "", "", nil
	}
	text, err := os.ReadFile(filepath.Clean(page))
	if err != nil {
		return "", "", err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", "", fmt.Errorf("%s: there is no line %s or %s", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before, after, nil
}
