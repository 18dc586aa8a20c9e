package capture

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// kept are the members of JSON texts, and the parameters of queries, whose texts
// and numbers stay as they are: states, times, UUIDs, places, rates and counts.
// Whatever has another name is replaced, so that what Equinix adds one day cannot
// slip through; its name and type stay.
var kept = set(`
	accessVCCount attachmentStatus availableBandwidth avgLatency bandwidth capacity changedDateTime code connectionCount
	connectivitySourceType createdDateTime deletedDateTime deviceGroup devicePriority demarcationPointIbx direction
	encapsulation endDate endDateTime equinixStatus errorCode error_code errorcode evplVCCount expires_in fgVCCount
	fromDateTime group ibx inboundAvg inboundLastPolled inboundMax interfaceSpeed interfaceType interval
	intervalEndDateTime intervalEndTimestamp lastPolled limit maintenanceStatus max mean memberStatus metricInterval
	metroCode offset operationalStatus operator opStatusChangedAt outboundAvg outboundLastPolled outboundMax
	physicalPortQuantity physicalPortsCount physicalPortsSpeed physicalPortsType portProvisionStatus portUuid priority
	property providerStatus provisionStatus region remoteVCBandwidthMax localVCBandwidthMax serviceCode serviceType
	startDate startDateTime state status streamUuid tagProtocolId tetherIbx time toDateTime token_timeout token_type
	total totalBandwidth type unit updatedDateTime usedBandwidth uuid values vcBandwidthMax viewPoint
	vlanCTag vlanCTagMax vlanCTagMin vlanSTag vlanTag vlanTagMax vlanTagMin
	grant_type subject_token_type issued_token_type
	isFirstPage isLastPage totalCount pageSize pageNumber speed speedUnit vlanId
`)

// prose are the members that hold sentences or names of places. They stay, without
// e-mail addresses, long numbers and what is replaced elsewhere.
var prose = set(`
	errorMessage error_message errorTitle error_title developerMessage developer_message details reason error
	error_description faultstring moreInfo metroName metroDescription
`)

// shapes are what kept texts must look like. Others are replaced after all.
var (
	plain  = regexp.MustCompile(`^[\w./:+ <=>!-]{0,100}$`)
	shapes = map[string]*regexp.Regexp{
		"name":      regexp.MustCompile(`^equinix\.fabric\.[\w.*]+$`), // of a metric
		"href":      link,
		"next":      link,
		"previous":  link,
		"metroHref": link,
		"summary":   regexp.MustCompile(`^\{("(mean|max)":[-+.\deE]+,?)*\}$`), // of a metric, as text
	}
	link = regexp.MustCompile(`^(https://(uat)?api\.equinix\.com)?(/[\w-]+)+(\?(offset|limit)=\d+(&(offset|limit)=\d+)*)?$`)
	uuid = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	// digits are those of a UUID, which stays, or of a number that may be an account's.
	digits = regexp.MustCompile(uuid.String() + `|\d{5,}`)
)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}

// replacer replaces values by stand-ins, the same value by the same one wherever
// it stands, so that what belongs together still does.
type replacer struct {
	standIns map[string]string          // by value
	count    map[string]map[string]bool // the values replaced, by member
	known    *strings.Replacer          // of what was replaced, for sentences; nil until all calls were gone through
}

func newReplacer() *replacer {
	return &replacer{standIns: map[string]string{}, count: map[string]map[string]bool{}}
}

// standIn is what stands for the value of a member. Digits become as many digits:
// some clients read them as numbers.
func (r *replacer) standIn(member, value string) string {
	if value == "" {
		return ""
	}
	if r.count[member] == nil {
		r.count[member] = map[string]bool{}
	}
	r.count[member][value] = true
	s, ok := r.standIns[value]
	if !ok {
		n := len(r.standIns) + 1
		s = fmt.Sprintf("%s-%d", member, n)
		if _, err := strconv.ParseUint(value, 10, 64); err == nil {
			s = fmt.Sprintf("9%0*d", len(value)-1, n)
		}
		r.standIns[value] = s
	}
	return s
}

// text is what a text becomes that a member holds.
func (r *replacer) text(member, value string) string {
	switch shape := shapes[member]; {
	case prose[member]:
		return r.sentence(value)
	case shape != nil && shape.MatchString(value), shape == nil && kept[member] && plain.MatchString(value):
		return value
	}
	return r.standIn(member, value)
}

// sentence is s without what must not be in it.
func (r *replacer) sentence(s string) string {
	s = fabric.HideAddresses(s)
	if r.known != nil {
		s = r.known.Replace(s)
	}
	return digits.ReplaceAllStringFunc(s, func(d string) string {
		if uuid.MatchString(d) {
			return d
		}
		return "[digits]"
	})
}

// learn makes what was replaced so far known to sentences, the longest first:
// a name may be part of another.
func (r *replacer) learn() {
	var pairs []string
	values := slices.SortedFunc(maps.Keys(r.standIns), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	for _, v := range values {
		if len(v) > 3 { // shorter ones are in half of all words
			pairs = append(pairs, v, r.standIns[v])
		}
	}
	r.known = strings.NewReplacer(pairs...)
}

// number is what a number becomes. Of metrics the member value holds the rates and
// counts; as a text it is anything, an authorization key too.
func (r *replacer) number(member string, n json.Number) json.Number {
	if kept[member] || member == "value" {
		return n
	}
	if s := r.standIn(member, n.String()); json.Valid([]byte(s)) {
		return json.Number(s)
	}
	return "0"
}

// body is a JSON text with its values replaced, or why it is left out: what is no
// JSON cannot be looked through.
func (r *replacer) body(b []byte) (json.RawMessage, string) {
	if len(b) == 0 {
		return nil, ""
	}
	if !json.Valid(b) {
		return nil, fmt.Sprintf("%d bytes that are no JSON", len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out bytes.Buffer
	if err := r.value(d, &out, ""); err != nil {
		return nil, fmt.Sprintf("%d bytes: %v", len(b), err)
	}
	return out.Bytes(), ""
}

// value copies the next value of d, which a member holds. It goes by tokens, so
// that the order of members, members that come twice and the spelling of numbers
// stay: decoders trip over these.
func (r *replacer) value(d *json.Decoder, out *bytes.Buffer, member string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		out.WriteString(t.String())
		for first := true; d.More(); first = false {
			if !first {
				out.WriteByte(',')
			}
			inner := member // the elements of an array have the name of the array
			if t == '{' {
				name, err := d.Token()
				if err != nil {
					return err
				}
				inner = r.member(fmt.Sprint(name))
				quoted(out, inner)
				out.WriteByte(':')
			}
			if err := r.value(d, out, inner); err != nil {
				return err
			}
		}
		end, err := d.Token()
		if err != nil {
			return err
		}
		fmt.Fprint(out, end)
	case string:
		quoted(out, r.text(member, t))
	case json.Number:
		out.WriteString(r.number(member, t).String())
	case bool:
		out.WriteString(strconv.FormatBool(t))
	case nil:
		out.WriteString("null")
	}
	return nil
}

// member is the name of a member: a word, or it is data and replaced.
func (r *replacer) member(name string) string {
	if memberName.MatchString(name) {
		return name
	}
	return r.standIn("member", name)
}

var memberName = regexp.MustCompile(`^[A-Za-z_][A-Za-z_]{0,40}$`)

func quoted(w io.Writer, s string) {
	b, _ := json.Marshal(s) // of a string there is always one
	_, _ = w.Write(b)       // into memory
}

// path is that of a request: words and UUIDs, or what stands for them.
func (r *replacer) path(p string) string {
	segments := strings.Split(p, "/")
	for i, s := range segments {
		if !pathWord.MatchString(s) && uuid.FindString(s) != s {
			segments[i] = r.standIn("path", s)
		}
	}
	return strings.Join(segments, "/")
}

var pathWord = regexp.MustCompile(`^[A-Za-z]*[A-Za-z0-9]?$`)

func (r *replacer) query(q url.Values) url.Values {
	out := url.Values{}
	for name, values := range q {
		for _, v := range values {
			out.Add(r.member(name), r.text(name, v))
		}
	}
	return out
}

// keptHeader is what of the header of an answer may matter: its type and time, and
// whatever speaks of limits.
func keptHeader(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		limit := strings.Contains(strings.ToLower(name), "ratelimit") || name == "Retry-After"
		if limit || name == "Content-Type" || name == "Date" {
			out[name] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !headerValue.MatchString(v) })
		}
	}
	return out
}

var headerValue = regexp.MustCompile(`^[\w/;=,.: +-]{0,100}$`)

// String says what was replaced, the most frequent members first.
func (r *replacer) String() string {
	names := slices.SortedFunc(maps.Keys(r.count), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(r.count[b]), len(r.count[a])), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, len(r.count[name]))
	}
	return strings.Join(names, ", ")
}
