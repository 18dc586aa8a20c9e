package fabric_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fabric-exporter/equinix_fabric_exporter/fabric"
)

// readings read a body as the answer to a call, or as a record of one.
var readings = map[string]func(c *fabric.Client, ctx context.Context) (any, error){
	"v3":             func(c *fabric.Client, ctx context.Context) (any, error) { return c.PortStatsV3(ctx, portA, from, to) },
	"v4 stats":       func(c *fabric.Client, ctx context.Context) (any, error) { return c.PortStatsV4(ctx, portA, from, to) },
	"v4 metrics":     func(c *fabric.Client, ctx context.Context) (any, error) { return c.PortMetrics(ctx, portA, from, to) },
	"port":           func(c *fabric.Client, ctx context.Context) (any, error) { return c.Port(ctx, portA) },
	"ports":          func(c *fabric.Client, ctx context.Context) (any, error) { return drain(c.Ports(ctx)) },
	"connections":    func(c *fabric.Client, ctx context.Context) (any, error) { return connections(ctx, c, portA) },
	"assets":         func(c *fabric.Client, ctx context.Context) (any, error) { return drain(c.StreamAssets(ctx)) },
	"v3 connections": func(c *fabric.Client, ctx context.Context) (any, error) { return drain(c.BuyerConnectionsV3(ctx)) },
	"v3 ports":       func(c *fabric.Client, ctx context.Context) (any, error) { return drain(c.UserPortsV3(ctx)) },
}

// checkReading fails if the client reads body in another way than encoding/json. A key
// with an escape, which names no field, makes the client leave an answer to encoding/json.
func checkReading(t *testing.T, body string) {
	t.Helper()
	rest, object := strings.CutPrefix(strings.TrimLeft(body, " \t\r\n"), "{")
	if !object || strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), `"fault"`) {
		return // nothing to read, for either
	}
	escaped := `{"\u0078":null`
	if !strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), "}") {
		escaped += ","
	}
	for call, read := range readings {
		around := "%s"
		switch call {
		case "v3 ports":
			around = "[%s]"
		case "ports", "connections", "assets":
			around = `{"data":[%s]}`
		case "v3 connections":
			around = `{"content":[%s]}`
		}
		got, err := read(newClient(t, always(200, fmt.Sprintf(around, body))), t.Context())
		want, wantErr := read(newClient(t, always(200, fmt.Sprintf(around, escaped+rest))), t.Context())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%q\n(-encoding/json +client)\n%s", call, body, diff)
		}
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("%s\n%q\nerror %v, by encoding/json %v", call, body, err, wantErr)
		}
	}
}

// corners are answers that encoding/json treats in a way of its own, or refuses.
var corners = []string{
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1,"max":9}],"inboundStats":[{"time":"2026-03-01T00:05:00Z","mean":2}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T24:00:00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:60:00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00:60Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00:00.12xZ","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00:00.123x","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00:00+","mean":1,"max":2}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00 00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00+01:00","mean":1},{"time":"2026-03-01T00:00:00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1},{"time":"2026-03-01T00:00:00Z0","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-02-29T00:00:00Z","mean":null},{"time":"2026-02-29T00:05:00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"Z","mean":null},{"time":"2026-03-01T00:00:00Z","mean":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":1e18446744073709551616,"max":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":18446744073709551617,"max":1}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","mean":9223372036854775808e1,"max":1}]}`, // 5 × 2^64
	`{"data":[{"name":"` + rx + `","datapoints":[{"endDateTime":"2026-03-01T00:00:00Z","value":1}]}],"data":[{"unit":"Kbps"}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","MEAN":1,"max":2}]}`,
	`{"inboundStats":[{"time":"2026-03-01T00:00:00Z","me\u0061n":1}]}`,
	`{"inboundſtats":[{"time":"2026-03-01T00:00:00Z","mean":1}]}`,
	`{"capacity":1,"":"\ud800\"\/"}`, `{"capacity":1,"x":"\x"}`, "{\"capacity\":1,\"x\":\"\t\"}", `{"capacity":1,"x":}`, `{"capacity":1,}`, `{"capacity":1}}`, `{"capacity":1`,
	"{\"capacity\":1,\"x\":{\"\x01\":1}}", `{"capacity":1,"x":{"\":1}}`, `{"capacity":1,"x":{"\"":1}}`,
	`{"capacity":01}`, `{"capacity":-}`, `{"capacity":1.}`, `{"capacity":1e}`, `{"capacity":.1}`, `{"capacity":+1}`, `{"capacity":0x1}`, `{"capacity":nul}`, `{"capacity":"1e3"}`,
	`{"bandwidthUtilization":{"inbound":{"max":1}},"bandwidthUtilization":{"outbound":{"max":1}}}`,
}

// records are the ports, connections and assets of testdata.
func records(t testing.TB) (all []string) {
	for _, name := range []string{"ports.json", "connections.json", "stream_assets.json", "ports_v3.json", "connections_v3.json"} {
		text := testdata(t, name)
		switch name {
		case "ports_v3.json":
			text = `{"data":` + text + `}`
		case "connections_v3.json":
			text = strings.Replace(text, `"content"`, `"data"`, 1)
		}
		var body struct{ Data []json.RawMessage }
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		for _, b := range body.Data {
			all = append(all, string(b))
		}
	}
	return all
}

var scalar = regexp.MustCompile(`: *("[^"]*"|[-+.0-9eE]+|true|false|null)`)

// A field of any type, in any place of a record.
func TestReaderReadsRecordsAsEncodingJSON(t *testing.T) {
	for _, record := range records(t) {
		for _, place := range scalar.FindAllStringSubmatchIndex(record, -1) {
			for _, v := range []string{"null", "1", "-1e400", "01", `"x"`, `"\u0041\ud800"`, `"\x"`, "\"\xff\t\"", "\"é\xff\"", "{}", "[]", "[{}]", "[null]", `{"name":[]}`, `{"name":null,"NAME":"x"}`} {
				if checkReading(t, record[:place[2]]+v+record[place[3]:]); t.Failed() {
					return
				}
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	seed(f)
	for _, record := range records(f) {
		f.Add(record)
	}
	for _, body := range corners {
		f.Add(body)
	}
	f.Fuzz(checkReading)
}

func TestReaderReadsAsEncodingJSON(t *testing.T) {
	for _, mean := range []string{`m\u0065an`, `MEAN`} { // else checkReading would compare like with like
		got, err := stats(t, "v3", `{"inboundStats":[{"time":"2026-03-01T00:00:00Z","`+mean+`":1}]}`)
		if err != nil || len(got.Inbound.Points) != 1 {
			t.Errorf("%s: %+v, %v", mean, got, err)
		}
	}
	for _, depth := range []int{99, 101, 9_990, 10_001} {
		checkReading(t, `{"capacity":1,"x":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+"}")
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		if checkReading(t, unusual(random)); t.Failed() {
			return
		}
	}
}

// An answer may fill its buffer to the last byte, and be cut off or broken there.
func TestReaderStaysWithinTheAnswer(t *testing.T) {
	const broken = `{"time":Z"`
	for size := 512; size <= 4096; size += 512 { // the sizes of buffers
		body := `{"inboundStats":[` + strings.Repeat(" ", size-len(`{"inboundStats":[`)-len(broken)) + broken
		whole := &api{answer: func(int, *http.Request) (*http.Response, error) {
			resp, err := reply(200, body)
			resp.Body = io.NopCloser(iotest.DataErrReader(resp.Body)) // the end comes with the last byte
			return resp, err
		}}
		if got, err := newClient(t, whole).PortStatsV3(t.Context(), portA, from, to); fabric.Reason(err) != fabric.ReasonDecode {
			t.Errorf("%d bytes: %+v, %v", size, got, err)
		}
	}
}

// unusual is an answer in the form of one of the sources, in which about each fourth
// has something unusual at a few places.
func unusual(random *rand.Rand) string {
	rare := []int{0, 400, 40, 40}[random.IntN(4)]
	strange := func() bool { return rare > 0 && random.IntN(rare) == 0 }
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	value := func(usual string) string {
		if !strange() {
			return usual
		}
		return pick("null", `""`, `"12.5"`, `" 7 "`, "-0", "0", "-1", "1E3", "1e-7", "2.5e+2", "1e400", "-1e400", "1e15", `"NaN"`, `"inf"`, "12345678901234567890",
			"0.30000000000000004", "1.7976931348623157e308", "5e-324", "0.000000000000000000012345", "01", "1.", ".5", "+1", "0x10", "1_0", "1e", "nul", "truex",
			"true", "false", "{}", "[]", "[null]", `[{"time":1}]`, `{"max":{"mean":[1]}}`, `"\u0031"`, `"\ud800"`, `"\x"`, "\"\t\"", "\"\xff\"", `"a\"b"`, `"`, "", "{", "]",
			strings.Repeat("[", 101)+strings.Repeat("]", 101), usual+" ", "\n"+usual, usual+usual, usual+",")
	}
	key := func(k string) string {
		if !strange() {
			return strconv.Quote(k) + ":"
		}
		return pick(`"`+strings.ToUpper(k)+`":`, `"\u00`+strconv.FormatInt(int64(k[0]), 16)+k[1:]+`":`, `"extra":{"a":[1,"b",{}]},"`+k+`":`, `"`+k+`":1,"`+k+`":`, `"`+k+`":null,"`+k+`":`,
			`"`+k+`":[{"max":1}],"`+k+`":`, strings.ReplaceAll(strconv.Quote(k), "s", "ſ")+":", "", `"`+k+`"`, `"`+k+"\xff\":", " \""+k+"\" :\r\n\t")
	}
	number := func() string { return value(strconv.FormatFloat(random.Float64()*1e4, 'g', -1, 64)) }
	start := from.Add(time.Duration(random.Int64N(int64(400 * 24 * time.Hour))))
	stamp := func() string {
		start = start.Add(time.Duration(random.IntN(3)) * 97 * time.Minute)
		layout := pick("2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z")
		if strange() {
			layout = pick(time.RFC3339Nano, "2006-01-02T15:04:05+0100", "2006-01-02T15:04:05,000Z", "2006-01-02T3:04:05Z", "2006-01-02t15:04:05z",
				"2006-01-02T24:04:05Z", "2006-01-02T15:04:60Z", "2006-02-30T15:04:05Z", "2006-01-02T15:04:05.00Z", "1969-01-02T15:04:05Z", "2201-01-02T15:04:05Z")
		}
		return value(strconv.Quote(start.Format(layout)))
	}
	object := func(members ...string) string { return value("{" + strings.Join(members, ",") + "}") }
	list := func(element func() string) string {
		var elements []string
		for range random.IntN(6) {
			elements = append(elements, element())
		}
		return value("[" + strings.Join(elements, ",") + "]")
	}
	samples := func(end string) string {
		return list(func() string { return object(key(end)+stamp(), key("max")+number(), key("mean")+number()) })
	}
	direction := func() string {
		return object(key("max")+number(), key("mean")+number(), key("lastPolled")+number(), key("metrics")+samples(pick("intervalEndDateTime", "intervalEndTimestamp")))
	}
	metric := func() string {
		return object(key("type")+value(`"GAUGE"`), key("name")+value(strconv.Quote(pick(rx, tx, dropped))), key("unit")+value(`"bit/s"`), key("interval")+value(`"PT5M"`),
			key("resource")+object(key("uuid")+value(strconv.Quote(id("p")))), key("summary")+object(key("max")+number(), key("mean")+number()),
			key("datapoints")+list(func() string {
				return object(key("startDateTime")+stamp(), key("endDateTime")+stamp(), key("value")+number())
			}))
	}
	switch random.IntN(3) {
	case 0:
		return object(key("capacity")+number(), key("inboundMax")+number(), key("inboundStats")+samples("time"), key("outboundAvg")+number(), key("outboundStats")+samples("time"))
	case 1:
		return object(key("name")+value(`"a port"`), key("bandwidth")+number(), key("stats")+object(key("startDateTime")+stamp(),
			key("bandwidthUtilization")+object(key("unit")+value(`"Mbps"`), key("metricInterval")+value(`"PT5M"`), key("inbound")+direction(), key("outbound")+direction())))
	default:
		return object(key("pagination")+object(key("offset")+"0", key("total")+value("3"), key("next")+value("null")), key("data")+list(metric))
	}
}

// Numbers and times are read as strconv and time read them, to the last bit.
func TestReaderConvertsExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	number := func() string {
		for {
			digits := strconv.FormatUint(random.Uint64()>>random.IntN(64), 10)
			if digits != "0" && random.IntN(8) == 0 {
				digits += strconv.Itoa(random.IntN(10_000))
			}
			switch point := random.IntN(len(digits)); {
			case random.IntN(4) == 0:
				digits += fmt.Sprintf("e%d", random.IntN(30)-22)
			case point == 0:
				digits = "0." + strings.Repeat("0", random.IntN(6)) + digits
			default:
				digits = digits[:point] + "." + digits[point:]
			}
			if v, err := strconv.ParseFloat(digits, 64); err == nil && v <= 1e14 { // no rate is higher
				return digits
			}
		}
	}
	for range 20 {
		var points []string
		var want []fabric.Point
		end := from
		for i := range 5000 {
			end = end.Add(time.Duration(random.Int64N(int64(time.Hour))))
			text, rate := end.Format([]string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", time.RFC3339Nano}[i%3]), number()
			points = append(points, fmt.Sprintf(`{"endDateTime":%q,"value":%s}`, text, rate))
			v, _ := strconv.ParseFloat(rate, 64)
			want = append(want, fabric.Point{Time: at(text), Mean: v, Max: v})
		}
		got, err := portMetrics(t, metricsPage(1, portMetric(rx, `"datapoints":[`+strings.Join(points, ",")+`]`)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Inbound.Points); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	}
}
