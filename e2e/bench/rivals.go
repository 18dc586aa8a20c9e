package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The servers that are scraped in turn.
const (
	ours    = iota
	memory  // the same bytes, ready in memory
	library // the same series, as prebuilt metrics behind promhttp
	servers // how many there are
)

// compare scrapes the servers in turn. It is an error if an answer has more or fewer series
// than the first.
func (f *figures) compare(ctx context.Context, o options, x *exporter) error {
	var clients [servers]client
	urls := [servers]string{ours: x.url}
	var answers [encodings][]byte
	for e := range encodings {
		if _, err := clients[ours].scrape(ctx, x.url, e); err != nil {
			return err
		}
		answers[e] = slices.Clone(clients[ours].body.Bytes())
		f.bytes[e] = len(answers[e])
		var err error
		if f.series, err = clients[ours].series(e); err != nil {
			return err
		}
	}
	if err := f.describe(answers[plain]); err != nil {
		return err
	}
	throughLibrary, err := viaPromhttp(answers[plain])
	if err != nil {
		return err
	}
	for server, h := range map[int]http.Handler{memory: fromMemory(answers), library: throughLibrary} {
		address, stop, err := serve(ctx, h)
		if err != nil {
			return err
		}
		defer stop()
		urls[server] = "http://" + address
	}
	var took [encodings][servers][]time.Duration
	for round := range o.rounds + 1 {
		for e := range encodings {
			for server := range servers {
				d, err := clients[server].scrape(ctx, urls[server], e)
				if err != nil {
					return err
				}
				if round > 0 { // the first one opens connections
					took[e][server] = append(took[e][server], d)
				}
				n, err := clients[server].series(e)
				if err != nil {
					return err
				}
				if n != f.series {
					return fmt.Errorf("%s has answered with %d series, not %d", []string{"the exporter", "memory", "promhttp"}[server], n, f.series)
				}
			}
		}
	}
	for e := range encodings {
		for server := range servers {
			f.took[e][server] = median(took[e][server])
		}
	}
	return nil
}

// fromMemory serves answers that are ready, in both encodings, with one Write: what no
// exporter can beat.
func fromMemory(answers [encodings][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := answers[plain]
		if r.Header.Get("Accept-Encoding") == "gzip" {
			body = answers[compressed]
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // an error means that the client is gone, which notices
	})
}

// prebuilt is a collector that sends metrics made once, as the Yet Another CloudWatch
// Exporter does.
type prebuilt []prometheus.Metric

// Describe sends nothing: the metrics of such an exporter are not known beforehand.
func (p prebuilt) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (p prebuilt) Collect(ch chan<- prometheus.Metric) {
	for _, m := range p {
		ch <- m
	}
}

// viaPromhttp serves the series of an answer through Prometheus' own library, with its
// defaults.
func viaPromhttp(text []byte) (http.Handler, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse the exporter's answer: %w", err)
	}
	var all prebuilt
	for name, f := range families {
		descs := map[string]*prometheus.Desc{} // by the names of labels
		for _, m := range f.GetMetric() {
			var names, values []string
			for _, l := range m.GetLabel() {
				names, values = append(names, l.GetName()), append(values, l.GetValue())
			}
			key := strings.Join(names, ",")
			if descs[key] == nil {
				descs[key] = prometheus.NewDesc(name, f.GetHelp(), names, nil)
			}
			built, err := constant(descs[key], f.GetType(), m, values)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all = append(all, built)
		}
	}
	reg := prometheus.NewRegistry()
	if err := reg.Register(all); err != nil {
		return nil, err
	}
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{}), nil
}

func constant(d *prometheus.Desc, t dto.MetricType, m *dto.Metric, labels []string) (prometheus.Metric, error) {
	switch t {
	case dto.MetricType_COUNTER:
		return prometheus.NewConstMetric(d, prometheus.CounterValue, m.GetCounter().GetValue(), labels...)
	case dto.MetricType_GAUGE:
		return prometheus.NewConstMetric(d, prometheus.GaugeValue, m.GetGauge().GetValue(), labels...)
	case dto.MetricType_SUMMARY:
		s, quantiles := m.GetSummary(), map[float64]float64{}
		for _, q := range s.GetQuantile() {
			quantiles[q.GetQuantile()] = q.GetValue()
		}
		return prometheus.NewConstSummary(d, s.GetSampleCount(), s.GetSampleSum(), quantiles, labels...)
	case dto.MetricType_HISTOGRAM:
		h, buckets := m.GetHistogram(), map[float64]uint64{}
		for _, b := range h.GetBucket() {
			buckets[b.GetUpperBound()] = b.GetCumulativeCount()
		}
		return prometheus.NewConstHistogram(d, h.GetSampleCount(), h.GetSampleSum(), buckets, labels...)
	default:
		return nil, fmt.Errorf("a family of type %v", t)
	}
}
