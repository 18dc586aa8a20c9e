package history

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	"github.com/prometheus/prometheus/prompb"

	"github.com/fabric-exporter/equinix_fabric_exporter/internal/fleet"
)

// Receiver is where samples are sent.
type Receiver struct {
	Name      string // value of the label receiver; unique
	URL       string
	Transport http.RoundTripper // logs in, and sets the headers of the configuration
	Timeout   time.Duration     // of one request
	V2        bool              // remote write 2.0, else 1.0
	Secrets   []string          // replaced wherever the answer of the receiver is shown
}

// sample is one sample of a series.
type sample struct {
	series *series
	at     int64 // Unix milliseconds
	value  float64
}

// series is a track of a subject.
type series struct {
	family Family
	labels []string // names and values, in the order of the names
}

func (s *series) compare(o *series) int {
	return cmp.Or(cmp.Compare(s.family.Name, o.family.Name), slices.Compare(s.labels, o.labels))
}

// samplesOf are the samples of a History.
func samplesOf(h fleet.History) (all []sample) {
	for i := range h.Tracks {
		t := &h.Tracks[i]
		s := &series{FamilyOf(t.Quantity, h.Connection), Labels(h.Subject, h.Resolution, t)}
		for _, p := range t.Points {
			all = append(all, sample{s, p.End.UnixMilli(), s.family.Value(p)})
		}
	}
	return all
}

// message is a request with samples: one time series after the other, the samples of each by
// time, as the protocol wants it.
func (r *Receiver) message(samples []sample) (remote.WriteMessageType, any) {
	samples = slices.Clone(samples)
	slices.SortStableFunc(samples, func(a, b sample) int {
		if a.series != b.series {
			if order := a.series.compare(b.series); order != 0 {
				return order
			}
		}
		return cmp.Compare(a.at, b.at)
	})
	if r.V2 {
		return remote.WriteV2MessageType, messageV2(samples)
	}
	request := &prompb.WriteRequest{}
	for i, s := range samples {
		if i == 0 || s.series.compare(samples[i-1].series) != 0 {
			labels := []prompb.Label{{Name: "__name__", Value: s.series.family.Name}}
			for l := 0; l < len(s.series.labels); l += 2 {
				labels = append(labels, prompb.Label{Name: s.series.labels[l], Value: s.series.labels[l+1]})
			}
			request.Timeseries = append(request.Timeseries, prompb.TimeSeries{Labels: labels})
		}
		last := &request.Timeseries[len(request.Timeseries)-1]
		last.Samples = append(last.Samples, prompb.Sample{Timestamp: s.at, Value: s.value})
	}
	return remote.WriteV1MessageType, request
}

func messageV2(samples []sample) *writev2.Request {
	request, symbols := &writev2.Request{}, writev2.NewSymbolTable()
	for i, s := range samples {
		if i == 0 || s.series.compare(samples[i-1].series) != 0 {
			f := &s.series.family
			labels := append([]string{"__name__", f.Name}, s.series.labels...)
			request.Timeseries = append(request.Timeseries, &writev2.TimeSeries{
				LabelsRefs: symbols.SymbolizeLabels(labels, nil),
				Metadata: &writev2.Metadata{
					Type:    writev2.Metadata_METRIC_TYPE_GAUGE,
					HelpRef: symbols.Symbolize(f.Help), UnitRef: symbols.Symbolize(f.Unit),
				},
			})
		}
		last := request.Timeseries[len(request.Timeseries)-1]
		last.Samples = append(last.Samples, &writev2.Sample{Timestamp: s.at, Value: s.value})
	}
	request.Symbols = symbols.Symbols()
	return request
}

// Reason is why a request failed: the value of the label reason.
type Reason string

// The reasons.
const (
	ReasonConnection  Reason = "connection"   // no answer, or one that broke off
	ReasonTimeout     Reason = "timeout"      // no answer in time
	ReasonRateLimited Reason = "rate_limited" // HTTP 429
	ReasonServer      Reason = "server"       // HTTP 5xx
	ReasonAuth        Reason = "auth"         // HTTP 401 or 403
	ReasonClient      Reason = "client"       // another answer that is not about the samples
	ReasonProtocol    Reason = "protocol"     // accepted, but nothing was written
)

// Reasons lists them.
func Reasons() []Reason {
	return []Reason{ReasonConnection, ReasonTimeout, ReasonRateLimited, ReasonServer, ReasonAuth, ReasonClient, ReasonProtocol}
}

// Failure is a request that a receiver did not accept.
type Failure struct {
	Reason     Reason
	Status     int           // 0 without an answer
	RetryAfter time.Duration // that the receiver asked for; 0 if it did not
	Text       string        // what went wrong or the first line of the answer, without secrets

	samples bool // it is about the samples: others may be accepted
	written int  // samples that the receiver took all the same, as remote write 2.0 allows
}

func (f *Failure) Error() string {
	if f.Status == 0 {
		return f.Text
	}
	return strings.TrimSuffix(fmt.Sprintf("HTTP %d: %s", f.Status, f.Text), ": ")
}

// Remedy says what to do about the failure.
func (f *Failure) Remedy() string {
	switch {
	case f.Status == http.StatusNotFound, f.Status == http.StatusMethodNotAllowed:
		return "check the path of the url; Prometheus must run with --web.enable-remote-write-receiver"
	case f.Status/100 == 3:
		return "redirects are not followed: write the address that it redirects to into url"
	case f.Reason == ReasonAuth:
		return "check the credentials, and the headers if the receiver has tenants"
	case f.Status == http.StatusUnsupportedMediaType, f.Reason == ReasonProtocol:
		return "the receiver may know remote write 1.0 only: delete protobuf_message"
	case f.samples:
		return refusal(f.Text).remedy()
	case f.Reason == ReasonConnection, f.Reason == ReasonTimeout:
		return "check that the receiver runs and that the url, proxy_url and tls_config are right"
	}
	return "look into the log of the receiver"
}

// refused is why a receiver refuses a sample, as far as its text tells.
type refused string

const (
	outOfOrder  refused = "out_of_order"
	outOfBounds refused = "out_of_bounds" // older than the receiver takes at all
	duplicate   refused = "duplicate"     // it has another value at the same time
	otherwise   refused = "other"
)

// refusal reads the text of an answer: of Prometheus, Mimir and Thanos.
func refusal(text string) refused {
	text = strings.ToLower(strings.NewReplacer("-", " ", "_", " ").Replace(text))
	switch {
	case strings.Contains(text, "duplicate"):
		return duplicate
	case strings.Contains(text, "out of bounds"), strings.Contains(text, "too old"):
		return outOfBounds
	case strings.Contains(text, "out of order"):
		return outOfOrder
	}
	return otherwise
}

func (r refused) remedy() string {
	switch r {
	case outOfBounds, outOfOrder:
		return "let the receiver take old samples: storage.tsdb.out_of_order_time_window of Prometheus, out_of_order_time_window of Mimir, --tsdb.out-of-order.time-window of Thanos, for example 1d"
	case duplicate:
		return "the receiver has another value at that time: Equinix has corrected it since"
	}
	return "look into the log of the receiver"
}

// answer is what a receiver said, kept beside the library, whose errors are only text.
type answer struct {
	status     int
	retryAfter time.Duration
	text       string
	broken     error // the body did not end
}

type answerKey struct{}

// keeping is a transport that keeps each answer in the *answer of the context.
type keeping struct{ next http.RoundTripper }

// maxAnswer is how much of an answer is read: receivers explain themselves in a line.
const maxAnswer = 16 << 10

func (k keeping) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := k.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if a, ok := req.Context().Value(answerKey{}).(*answer); ok {
		*a = answer{status: resp.StatusCode, retryAfter: retryAfter(resp.Header.Get("Retry-After")), text: string(body), broken: err}
	}
	return resp, nil
}

// retryAfter reads seconds or a date. A receiver that asks for more than an hour gets an hour.
func retryAfter(text string) time.Duration {
	d := time.Duration(0)
	if at, err := http.ParseTime(text); err == nil {
		d = time.Until(at)
	} else if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	}
	return min(max(d, 0), time.Hour)
}

// write sends samples in one request. The error is a *Failure unless ctx has ended.
func (r *Receiver) write(ctx context.Context, samples []sample) error {
	kind, message := r.message(samples)
	var a answer
	request, cancel := context.WithTimeout(context.WithValue(ctx, answerKey{}, &a), r.Timeout)
	defer cancel()
	api, err := remote.NewAPI(r.URL, remote.WithAPIPath(""), remote.WithAPINoRetryOnRateLimit(),
		// A redirect would turn the request into one without samples, or carry the credentials
		// elsewhere.
		remote.WithAPIHTTPClient(&http.Client{Transport: keeping{r.Transport}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}))
	if err != nil {
		return err
	}
	// The library would try again on a schedule of its own.
	var first error
	stats, err := api.Write(request, kind, message, remote.WithWriteRetryCallback(func(err error) { first = err; cancel() }))
	err = cmp.Or(first, err)
	timeout := errors.Is(request.Err(), context.DeadlineExceeded)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && a.broken == nil:
		return nil
	}
	f := &Failure{Status: a.status, RetryAfter: a.retryAfter, Text: r.line(a.text), written: min(stats.Samples, len(samples))}
	switch {
	case a.status == 0 || a.broken != nil:
		f.Reason, f.Status = ReasonConnection, 0
		if err = cmp.Or(a.broken, err); timeout {
			f.Reason, err = ReasonTimeout, fmt.Errorf("no answer within %v", r.Timeout)
		}
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the url, which may hold a secret
		}
		f.Text = r.line(err.Error())
	case a.status/100 == 2:
		f.Reason, f.Text = ReasonProtocol, "the receiver does not say that it wrote anything"
	case a.status == http.StatusTooManyRequests:
		f.Reason = ReasonRateLimited
	case a.status/100 == 5:
		f.Reason = ReasonServer
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		f.Reason = ReasonAuth
	default:
		f.Reason = ReasonClient
		f.samples = slices.Contains([]int{
			http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
		}, a.status)
	}
	return f
}

// Probe sends a request without samples. The error is a *Failure unless ctx has ended.
func (r *Receiver) Probe(ctx context.Context) error { return r.write(ctx, nil) }

// line is text for a log: one line of a readable length, without secrets.
func (r *Receiver) line(text string) string {
	const enough = 300
	for _, secret := range r.Secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "<secret>")
		}
	}
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "\uFFFD")
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + " …"
	}
	return text
}
