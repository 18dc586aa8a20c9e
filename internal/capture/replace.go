package capture

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A value is kept only if it is known to be harmless: if Equinix documents the JSON
// member or query parameter, and the value has the documented form. Any other value
// is replaced, including values of members that Equinix adds in future. Names and
// types are kept.
var (
	state    = regexp.MustCompile(`^[A-Z0-9_]*[A-Z][A-Z0-9_]*$|^(PENDING DELETE|N/A|Primary|Secondary|Dot1q|Qinq|Untagged)?$`)
	number   = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	instant  = regexp.MustCompile(`^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?$`)
	place    = regexp.MustCompile(`^[A-Z]{2,4}\d{0,2}$`) // a metro, a data center or a region
	uuid     = regexp.MustCompile(`^(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	metric   = regexp.MustCompile(`^equinix\.fabric\.(port|connection|metro)\.[\w.*]+$`)
	interval = regexp.MustCompile(`^PT?\d+[SMHD]$`)

	shapes = map[string][]*regexp.Regexp{
		"name":     {metric},
		"property": {regexp.MustCompile(`^(/[A-Za-z]+)+$|^/\*$`)},
		"operator": {regexp.MustCompile(`^([!<>]?=|[<>]|[A-Z ]{2,12})$`)},
		"values":   {uuid, metric, instant, interval, state, regexp.MustCompile(`^/fabric/v4/(ports|connections|metros)/[\w-]+$`)},
		"unit":     {regexp.MustCompile(`^(Mbps|bit/s|packets|bytes|ms|%|MB|GB)$`)},
		"summary":  {regexp.MustCompile(`^\{("(mean|max)":[-+.\deE]+,?)*\}$`)}, // of a metric, as a text
		"code":     {state, place},                                             // of a package, of a metro

		"token_type":    {regexp.MustCompile(`^(?i:bearer)$`)},
		"grant_type":    {regexp.MustCompile(`^client_credentials$`)},
		"tagProtocolId": {number, regexp.MustCompile(`^0x[0-9a-f]{4}$`)},
		"viewPoint":     {regexp.MustCompile(`^[az]Side$`)},

		"redundancyType":     {regexp.MustCompile(`^(?i:primary|secondary)$`)},
		"asideEncapsulation": {regexp.MustCompile(`^(?i:dot1q|qinq)$`)},
	}
	code = regexp.MustCompile(`^(EQ|IC)(-[A-Z0-9]{1,10}){1,3}$|^S?\d{3,4}$|^(keymanagement|policies|messaging|protocol|oauth|steps)(\.\w+)+$`)
)

// words are the members whose values have a common form.
var words = map[*regexp.Regexp]string{
	code:     `errorCode error_code errorcode`, // of Equinix, of its login and of the gateway
	interval: `interval metricInterval`,
	state: `accessPointType attachmentStatus connectivitySourceType devicePriority direction encapsulation equinixStatus interfaceType
		maintenanceStatus memberStatus operationalStatus physicalPortsType portProvisionStatus priority providerStatus provisionStatus
		serviceCode serviceType state status speedUnit type`,
	number: `accessVCCount availableBandwidth avgLatency bandwidth capacity connectionCount deviceGroup evplVCCount expires_in
		fgVCCount inboundAvg inboundLastPolled inboundMax interfaceSpeed lastPolled limit localVCBandwidthMax max mean offset
		outboundAvg outboundLastPolled outboundMax pageNumber pageSize physicalPortQuantity physicalPortsCount physicalPortsSpeed
		remoteVCBandwidthMax speed token_timeout total totalBandwidth totalCount usedBandwidth vcBandwidthMax vlanCTag
		vlanCTagMax vlanCTagMin vlanSTag vlanTag vlanTagMax vlanTagMin zSideVlanCTag zSideVlanSTag`,
	instant: `changedDateTime createdDate createdDateTime deletedDate deletedDateTime endDate endDateTime fromDateTime intervalEndDateTime
		intervalEndTimestamp lastUpdatedDate opStatusChangedAt startDate startDateTime time toDateTime updatedDateTime`,
	place: `demarcationPointIbx ibx metroCode region sellerMetroCode tetherIbx`,
	uuid:  `group portUUID portUuid redundancyGroup sellerServiceUUID streamUuid uuid virtualDeviceUUID zSidePortUUID`,
}

func init() {
	for shape, members := range words {
		for member := range strings.FieldsSeq(members) {
			shapes[member] = append(shapes[member], shape)
		}
	}
}

// sentences are members with free text. Only phrases are kept that have a meaning to
// the exporter or in OAuth.
var (
	sentences = set(`errorMessage error_message errorTitle error_title developerMessage developer_message
		details reason error error_description faultstring moreInfo`)
	phrases = regexp.MustCompile(`(?i)quota ?violation|spike ?arrest|quota|rate ?limit|log[ _-]?in[ _-]?failure|\blocked\b|` +
		`no apiproduct match found|unable to identify proxy|method not supported|projectid required|` +
		`\b(invalid_(client|grant|request|scope)|unauthorized_client|unsupported_grant_type)\b`)
)

// steps are the words of the API's paths.
var steps = set(`fabric v4 ecx v3 l2 buyer oauth2 v1 token port ports userport stats connections metrics search metros
	streams streamAssets serviceProfiles profiles portPackages linkProtocols projects health`)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}

// replacer replaces values by stand-ins: equal values by the same stand-in
// everywhere, so that references still match.
type replacer struct {
	standIns map[string]string          // by value
	count    map[string]map[string]bool // the number of values replaced, by member
}

func newReplacer() *replacer {
	return &replacer{standIns: map[string]string{}, count: map[string]map[string]bool{}}
}

// standIn returns the stand-in for the value of a member. Digits become as many digits,
// since some clients read them as numbers.
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

// text returns the text for the archive in place of the text of a member.
func (r *replacer) text(member, value string) string {
	if sentences[member] {
		if found := phrases.FindAllString(value, -1); found != nil {
			return strings.Join(found, ", ")
		}
	}
	if slices.Contains([]string{"href", "next", "previous", "metroHref"}, member) {
		return r.link(member, value)
	}
	if slices.ContainsFunc(shapes[member], func(shape *regexp.Regexp) bool { return shape.MatchString(value) }) {
		return value
	}
	return r.standIn(member, value)
}

// link returns a link to the API with its paging parameters, or a stand-in.
func (r *replacer) link(member, value string) string {
	u, err := url.Parse(value)
	if err != nil || u.Host != "" && u.Host != "api.equinix.com" || u.User != nil {
		return r.standIn(member, value)
	}
	u.Path, u.RawPath, u.Fragment = r.path(u.Path), "", ""
	u.RawQuery = r.query(u.Query()).Encode()
	return u.String()
}

// number returns the number for the archive. A member named value is a rate or a
// count only in the points of a metric; elsewhere it may be an authorization key.
func (r *replacer) number(member string, n json.Number, point bool) json.Number {
	if member == "value" && point || slices.Contains(shapes[member], number) {
		return n
	}
	if s := r.standIn(member, n.String()); json.Valid([]byte(s)) {
		return json.Number(s)
	}
	return "0"
}

// body returns a JSON text with its values replaced, or why it is left out: texts
// that are not JSON cannot be searched for values.
func (r *replacer) body(b []byte) (json.RawMessage, string) {
	if len(b) == 0 {
		return nil, ""
	}
	if !json.Valid(b) {
		return nil, fmt.Sprintf("%d bytes that are not JSON", len(b))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out bytes.Buffer
	if err := r.value(d, &out, "", within{}); err != nil {
		return nil, fmt.Sprintf("%d bytes: %v", len(b), err)
	}
	return out.Bytes(), ""
}

// within says where a value is.
type within struct {
	points bool // the points of a metric
	token  bool // a service token: its UUID is enough to connect with it
}

// value copies the next value of d. It copies tokens to keep the order of members,
// repeated members and the spelling of numbers, since these can make decoders fail.
func (r *replacer) value(d *json.Decoder, out *bytes.Buffer, member string, in within) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	in.points = in.points || member == "datapoints"
	in.token = in.token || strings.HasPrefix(member, "serviceToken")
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
			if err := r.value(d, out, inner, in); err != nil {
				return err
			}
		}
		end, err := d.Token()
		if err != nil {
			return err
		}
		fmt.Fprint(out, end)
	case string:
		if in.token {
			quoted(out, r.standIn(member, t))
		} else {
			quoted(out, r.text(member, t))
		}
	case json.Number:
		out.WriteString(r.number(member, t, in.points).String())
	case bool:
		out.WriteString(strconv.FormatBool(t))
	case nil:
		out.WriteString("null")
	}
	return nil
}

// member returns the name of a member, or a stand-in if it does not look like a name
// of the API, and so may be data.
func (r *replacer) member(name string) string {
	if memberName.MatchString(name) {
		return name
	}
	return r.standIn("member", name)
}

var memberName = regexp.MustCompile(`^[a-z]{1,20}(_[a-z]{1,20}|[A-Z]{1,3}[a-z]{0,20}){0,5}$`)

func quoted(w io.Writer, s string) {
	b, _ := json.Marshal(s) // cannot fail for a string
	_, _ = w.Write(b)       // into memory
}

// path returns the path of a request, without the prefix of a proxy.
func (r *replacer) path(p string) string {
	for _, root := range []string{"/fabric/", "/ecx/", "/oauth2/"} {
		if i := strings.Index(p, root); i >= 0 {
			p = p[i:]
		}
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		metro := i > 0 && segments[i-1] == "metros" && place.MatchString(s)
		if s != "" && !steps[s] && !uuid.MatchString(s) && !metro {
			segments[i] = r.standIn("path", s)
		}
	}
	return strings.Join(segments, "/")
}

func (r *replacer) query(q url.Values) url.Values {
	out := url.Values{}
	for name, values := range q {
		member := r.member(name)
		for _, v := range values {
			out.Add(member, r.text(member, v))
		}
	}
	return out
}

// String lists what was replaced, the most frequent members first.
func (r *replacer) String() string {
	names := slices.SortedFunc(maps.Keys(r.count), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(r.count[b]), len(r.count[a])), strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, len(r.count[name]))
	}
	return strings.Join(names, ", ")
}
