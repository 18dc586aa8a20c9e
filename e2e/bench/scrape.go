package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// encoding is how a client wants an answer.
type encoding int

const (
	plain encoding = iota
	compressed
	encodings // how many there are
)

// client asks one server over one connection. It keeps the last answer.
type client struct {
	http   *http.Client
	accept string       // formats; "" lets the server choose, which is text 0.0.4
	body   bytes.Buffer // as it was sent
}

// asPrometheus are the formats that Prometheus asks for, without protobuf, which it
// wants only for native histograms.
const asPrometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4,*/*;q=0.1"

// scrape asks for the metrics of the server at url, see [client.ask].
func (c *client) scrape(ctx context.Context, url string, e encoding) (time.Duration, error) {
	return c.ask(ctx, http.MethodGet, url+"/metrics", e)
}

// ask returns the time from the request to the last byte. An answer with another status
// than 200, or another encoding, is an error.
func (c *client) ask(ctx context.Context, method, url string, e encoding) (time.Duration, error) {
	if c.http == nil {
		c.http = &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 1}}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return 0, err
	}
	want := ""
	if c.accept != "" {
		req.Header.Set("Accept", c.accept)
	}
	if e == compressed {
		want = "gzip"
		req.Header.Set("Accept-Encoding", want)
	}
	c.body.Reset()
	began := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = c.body.ReadFrom(resp.Body)
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", url, err)
	}
	if got := resp.Header.Get("Content-Encoding"); resp.StatusCode != http.StatusOK || got != want {
		return 0, fmt.Errorf("%s: %s, encoding %q instead of %q", url, resp.Status, got, want)
	}
	return took, nil
}

// reader reads the last answer, decompressed.
func (c *client) reader(e encoding) (io.Reader, error) {
	r := bytes.NewReader(c.body.Bytes())
	if e == plain {
		return r, nil
	}
	return gzip.NewReader(r)
}

// text is the last answer, decompressed.
func (c *client) text(e encoding) ([]byte, error) {
	r, err := c.reader(e)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// series counts the samples of the last answer, line by line: a copy of it would be garbage
// to collect during the next scrape.
func (c *client) series(e encoding) (n int, err error) {
	r, err := c.reader(e)
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if line := lines.Bytes(); len(line) > 0 && line[0] != '#' {
			n++
		}
	}
	return n, lines.Err()
}

// sum adds up the series of a family, and returns how many it has.
func sum(text []byte, family string) (total float64, series int, err error) {
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(line, []byte(family))
		if !found || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		s := strings.TrimSpace(string(rest))
		v, err := strconv.ParseFloat(s[strings.LastIndexByte(s, ' ')+1:], 64)
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w", family, err)
		}
		total, series = total+v, series+1
	}
	if series == 0 {
		return 0, 0, fmt.Errorf("the exporter has no %s", family)
	}
	return total, series, nil
}
